using System.Runtime.CompilerServices;

namespace Shunt.Simulation;

/// <summary>A zeroed array that never moves and starts on a cache line, so that kernels may keep a pointer to it.</summary>
internal sealed unsafe class AlignedBuffer<T>
    where T : unmanaged
{
    private const int CacheLine = 64;
    private readonly byte[] _bytes;

    internal AlignedBuffer(long length)
    {
        Length = length;
        long bytes = (length * sizeof(T)) + CacheLine;
        if (bytes > Array.MaxLength)
            throw new SimulationException($"a buffer of {bytes / 1e9:F1} GB is larger than one array can be; use smaller shards");
        _bytes = GC.AllocateArray<byte>((int)bytes, pinned: true);
        nint start = (nint)Unsafe.AsPointer(ref _bytes[0]);
        Pointer = (T*)((start + CacheLine - 1) & ~(nint)(CacheLine - 1));
    }

    internal T* Pointer { get; }

    internal long Length { get; }

    internal long Bytes => _bytes.LongLength;

    internal Span<T> Span => new(Pointer, checked((int)Length));
}
