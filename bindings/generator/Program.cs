using System.Reflection;
using Kernels.Interop.Bindings;
using Kernels.Interop.Bindings.Emit;
using Kernels.Interop.Bindings.Parsing;

const string Usage = """
    usage: Kernels.Interop.Bindings.Generator [--check] [--output DIR] [--header FILE]
      --check        write nothing; exit 1 and name the files that differ from what would be written
      --output DIR   where the generated files are (default: bindings/generated)
      --header FILE  the header (default: native/include/kernels_interop.h)
    """;

string root = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
    .Single(attribute => attribute.Key == "RepositoryRoot").Value!;
string output = Path.Combine(root, "bindings", "generated");
string header = Path.Combine(root, "native", "include", "kernels_interop.h");
bool check = false;
for (int i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--check":
            check = true;
            break;
        case "--output" when i + 1 < args.Length:
            output = args[++i];
            break;
        case "--header" when i + 1 < args.Length:
            header = args[++i];
            break;
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}

try
{
    IReadOnlyList<GeneratedFile> files =
        GeneratedFile.All(HeaderParser.Parse(Path.GetFileName(header), File.ReadAllText(header)));
    return check ? OutputFolder.Check(output, files, Console.Error) : OutputFolder.Write(output, files);
}
catch (AbiException exception)
{
    Console.Error.WriteLine($"{header} breaks the rules of the ABI:{Environment.NewLine}{exception.Message}");
    return 1;
}
catch (DllNotFoundException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
