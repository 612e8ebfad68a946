using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Kernels.Interop.Benchmarks;

// In this process: a process of its own for each benchmark would take a build and a restore of packages for each.
// BenchmarkDotNet's options follow, such as --filter '*Sentence*', --job short, --artifacts FOLDER.
ManualConfig config = DefaultConfig.Instance.AddJob(
    Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithMaxIterationCount(30).AsDefault());
BenchmarkSwitcher.FromAssembly(typeof(SelfAttention).Assembly).Run(args, config);
