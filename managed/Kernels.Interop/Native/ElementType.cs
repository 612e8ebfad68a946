namespace Kernels.Interop.Native;

/// <summary>The native name of an element type.</summary>
internal static class ElementType
{
    /// <summary>The dtype of <typeparamref name="T"/>; the comparisons are folded when a method is compiled for a T.</summary>
    /// <exception cref="NotSupportedException">The kernels do not take <typeparamref name="T"/>.</exception>
    public static ki_dtype Of<T>()
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return ki_dtype.KI_DTYPE_FLOAT32;
        }
        if (typeof(T) == typeof(Half))
        {
            return ki_dtype.KI_DTYPE_FLOAT16;
        }
        if (typeof(T) == typeof(BFloat16))
        {
            return ki_dtype.KI_DTYPE_BFLOAT16;
        }
        if (typeof(T) == typeof(bool))
        {
            return ki_dtype.KI_DTYPE_BOOL;
        }
        if (typeof(T) == typeof(sbyte))
        {
            return ki_dtype.KI_DTYPE_INT8;
        }
        if (typeof(T) == typeof(int))
        {
            return ki_dtype.KI_DTYPE_INT32;
        }
        throw new NotSupportedException(
            $"Tensors of {typeof(T)} are not supported; the element type is float, System.Half, Kernels.Interop.BFloat16, sbyte, " +
            "bool or int.");
    }
}
