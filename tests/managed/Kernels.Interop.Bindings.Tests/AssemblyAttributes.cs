using System.Runtime.CompilerServices;

// The generated P/Invokes rely on it, as in the library.
[assembly: DisableRuntimeMarshalling]
