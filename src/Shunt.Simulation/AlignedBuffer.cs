using System.Runtime.InteropServices;

namespace Shunt.Simulation;

/// <summary>
/// A zeroed array outside the managed heap that starts on a cache line, so that kernels may keep a pointer to it and its length is not limited. Large ones start on a huge page and
/// ask for such pages: what is read and written all over would otherwise wait for address translation more than for memory. Whoever keeps the pointer must keep the buffer. A vector may be read that begins within the array.
/// </summary>
internal sealed unsafe class AlignedBuffer<T>
    where T : unmanaged
{
    private const int CacheLine = 64, HugePage = 2 << 20;
    private readonly void* _memory;

    internal AlignedBuffer(long length)
    {
        Length = length;
        long bytes = length * sizeof(T);
        bool isLarge = bytes >= HugePage && OperatingSystem.IsLinux();
        int alignment = isLarge ? HugePage : CacheLine;
        _memory = NativeMemory.AllocZeroed((nuint)(bytes + alignment + CacheLine));
        Pointer = (T*)(((nint)_memory + alignment - 1) & ~((nint)alignment - 1));
        Bytes = bytes + CacheLine;
        if (isLarge) _ = Native.Advise(Pointer, (nuint)bytes, Native.HugePages); // advice: if the system has none to give, nothing is lost
    }

    ~AlignedBuffer() => NativeMemory.Free(_memory);

    internal T* Pointer { get; }

    internal long Length { get; }

    /// <summary>Bytes used; what alignment leaves unused is never touched and takes no memory.</summary>
    internal long Bytes { get; }

    internal Span<T> Span => new(Pointer, checked((int)Length));

    /// <summary>The bytes of the first elements.</summary>
    internal Span<byte> BytesOf(int count) => new(Pointer, checked(count * sizeof(T)));
}

internal static unsafe partial class Native
{
    /// <summary>MADV_HUGEPAGE of Linux.</summary>
    internal const int HugePages = 14;

    [LibraryImport("libc", EntryPoint = "madvise")]
    internal static partial int Advise(void* address, nuint length, int advice);
}
