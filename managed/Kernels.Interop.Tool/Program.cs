using System.CommandLine;
using Kernels.Interop.Tool;

var info = new Command("info", "Print the native library, the devices, and everything that was tried to find them.");
info.SetAction(_ => InfoCommand.Run());

var root = new RootCommand("Kernels.Interop: kernels for sequence models, on the CPU and on CUDA devices.") { info };
return root.Parse(args).Invoke();
