using Kernels.Interop.Bindings.Emit;

namespace Kernels.Interop.Bindings;

/// <summary>Writes generated files, or compares them with what is there.</summary>
internal static class OutputFolder
{
    /// <summary>Writes the files that differ.</summary>
    /// <returns>exit status 0</returns>
    public static int Write(string folder, IReadOnlyList<GeneratedFile> files)
    {
        Directory.CreateDirectory(folder);
        foreach (GeneratedFile file in files.Where(file => Differs(folder, file)))
        {
            File.WriteAllText(Path.Combine(folder, file.Name), file.Text);
        }

        return 0;
    }

    /// <summary>Names the files that differ, are missing, or are not among the generated ones.</summary>
    /// <returns>exit status 0 if there are none, else 1</returns>
    public static int Check(string folder, IReadOnlyList<GeneratedFile> files, TextWriter messages)
    {
        HashSet<string> expected = [.. files.Select(file => file.Name)];
        IEnumerable<string> present = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))
            : [];
        string[] wrong =
        [
            .. files.Where(file => Differs(folder, file)).Select(file => $"{file} is out of date"),
            .. present.Where(name => !expected.Contains(name)).Order().Select(name => $"{name} is not generated"),
        ];
        foreach (string line in wrong)
        {
            messages.WriteLine(line);
        }

        return wrong.Length == 0 ? 0 : 1;
    }

    private static bool Differs(string folder, GeneratedFile file)
    {
        string path = Path.Combine(folder, file.Name);
        return !File.Exists(path) || File.ReadAllText(path) != file.Text;
    }
}
