using Kernels.Interop.Bindings.Clang;

namespace Kernels.Interop.Bindings.Tests;

internal sealed class LibClangLoaderTests
{
    [Test]
    public void When_nothing_loads_the_message_says_what_was_tried_and_what_to_do() =>
        Assert.That(
            () => LibClangLoader.Load(["no-such-library-1", "no-such-library-2"], typeof(LibClangLoader).Assembly),
            Throws.TypeOf<DllNotFoundException>().With.Message
                .Contains("no-such-library-1, no-such-library-2").And.Message.Contains(LibClangLoader.OverrideVariable));
}
