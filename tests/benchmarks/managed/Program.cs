using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Kernels.Interop.Benchmarks;
using Perfolizer.Horology;

// In this process: a process of its own for each benchmark would take a build and a restore of packages for each.
// Arguments are BenchmarkDotNet's, such as --filter '*Sentence*' and --artifacts FOLDER.
Job job = Job.Default
    .WithToolchain(InProcessEmitToolchain.Instance)
    .WithWarmupCount(3)
    .WithIterationCount(12)
    .WithIterationTime(TimeInterval.FromMilliseconds(250));
ManualConfig config = DefaultConfig.Instance.AddJob(job).AddColumn(StatisticColumn.Min, StatisticColumn.Median);
BenchmarkSwitcher.FromAssembly(typeof(SelfAttention).Assembly).Run(args, config);
