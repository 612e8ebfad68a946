using System.Reflection;

namespace Kernels.Interop.Bindings.Tests;

/// <summary>Where the checked-in files are.</summary>
internal static class RepositoryPaths
{
    private static readonly string Root = typeof(RepositoryPaths).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    public static string Header { get; } = Path.Combine(Root, "native", "include", "kernels_interop.h");

    public static string Generated { get; } = Path.Combine(Root, "bindings", "generated");
}
