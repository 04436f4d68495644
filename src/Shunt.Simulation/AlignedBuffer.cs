using System.Runtime.InteropServices;

namespace Shunt.Simulation;

/// <summary>
/// A zeroed array outside the managed heap that starts on a cache line, so that kernels may keep a pointer to it and its length is not limited. Whoever keeps the pointer
/// must keep the buffer.
/// </summary>
internal sealed unsafe class AlignedBuffer<T>
    where T : unmanaged
{
    private const int CacheLine = 64;
    private readonly void* _memory;

    internal AlignedBuffer(long length)
    {
        Length = length;
        Bytes = (length * sizeof(T)) + CacheLine;
        _memory = NativeMemory.AllocZeroed((nuint)Bytes);
        Pointer = (T*)(((nint)_memory + CacheLine - 1) & ~(nint)(CacheLine - 1));
    }

    ~AlignedBuffer() => NativeMemory.Free(_memory);

    internal T* Pointer { get; }

    internal long Length { get; }

    internal long Bytes { get; }

    internal Span<T> Span => new(Pointer, checked((int)Length));

    /// <summary>The bytes of the first elements.</summary>
    internal Span<byte> BytesOf(int count) => new(Pointer, checked(count * sizeof(T)));
}
