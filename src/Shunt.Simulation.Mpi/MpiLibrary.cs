using System.Runtime.InteropServices;

namespace Shunt.Simulation.Mpi;

/// <summary>
/// The few calls of MPI that are needed, in a library that is found when the program runs. The standard leaves open what a handle is: Open MPI's are
/// addresses of things it exports; those of MPICH and its relatives are numbers of 32 bits that their common binary interface fixes. Both fit where an
/// address fits.
/// </summary>
internal sealed unsafe partial class MpiLibrary
{
    private const nint MpichWorld = 0x44000000, MpichByte = 0x4c00010d, MpichIgnoresStatus = 1;
    private const int ThreadsTakeTurns = 2; // MPI_THREAD_SERIALIZED in both
    private readonly nint _world, _byte, _ignoresStatus;
    private readonly delegate* unmanaged[Cdecl]<nint, int, int> _abort;
    private readonly delegate* unmanaged[Cdecl]<int> _finalize;
    private readonly delegate* unmanaged[Cdecl]<nint, int*, int> _size, _rank;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, void*, int, nint, nint, int> _allgather;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, void*, int*, int*, nint, nint, int> _allgatherv;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, nint, int> _broadcast;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, int> _send;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, nint, int> _receive;

    /// <summary>Loads it and joins the others.</summary>
    /// <param name="launch">Where to look for it.</param>
    /// <exception cref="MpiException">It cannot be loaded or begun.</exception>
    internal MpiLibrary(Launch launch)
    {
        // Their handlers would take the signals with which the runtime notices null references.
        _ = SetVariable("UCX_ERROR_SIGNALS", "", 1);
        nint library = 0;
        if (!launch.Library.Any(name => NativeLibrary.TryLoad(name, out library)))
        {
            throw new MpiException(
                $"this is one of {launch.Size} processes, but {string.Join(" or ", launch.Library)}, with which they would find each other, cannot be loaded: "
                + $"install it, or set {Launch.LibraryVariable} to the MPI library that belongs to the launcher");
        }

        bool isOpenMpi = NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out nint world);
        _world = isOpenMpi ? world : MpichWorld;
        _byte = isOpenMpi ? NativeLibrary.GetExport(library, "ompi_mpi_byte") : MpichByte;
        _ignoresStatus = isOpenMpi ? 0 : MpichIgnoresStatus;
        try
        {
            nint Call(string name) => NativeLibrary.GetExport(library, "MPI_" + name);
            _abort = (delegate* unmanaged[Cdecl]<nint, int, int>)Call("Abort");
            _finalize = (delegate* unmanaged[Cdecl]<int>)Call("Finalize");
            _size = (delegate* unmanaged[Cdecl]<nint, int*, int>)Call("Comm_size");
            _rank = (delegate* unmanaged[Cdecl]<nint, int*, int>)Call("Comm_rank");
            _allgather = (delegate* unmanaged[Cdecl]<void*, int, nint, void*, int, nint, nint, int>)Call("Allgather");
            _allgatherv = (delegate* unmanaged[Cdecl]<void*, int, nint, void*, int*, int*, nint, nint, int>)Call("Allgatherv");
            _broadcast = (delegate* unmanaged[Cdecl]<void*, int, nint, int, nint, int>)Call("Bcast");
            _send = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, int>)Call("Send");
            _receive = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, nint, int>)Call("Recv");
            int provided = 0;
            Check(((delegate* unmanaged[Cdecl]<int*, byte***, int, int*, int>)Call("Init_thread"))(null, null, ThreadsTakeTurns, &provided), "Init_thread");
            if (provided < ThreadsTakeTurns) throw new MpiException($"the MPI library was built for programs of one thread (it provides level {provided}, {ThreadsTakeTurns} is needed)");
        }
        catch (EntryPointNotFoundException e)
        {
            throw new MpiException($"{string.Join(" or ", launch.Library)} is not an MPI library: {e.Message}");
        }
    }

    internal int Size
    {
        get
        {
            int size;
            Check(_size(_world, &size), "Comm_size");
            return size;
        }
    }

    internal int Rank
    {
        get
        {
            int rank;
            Check(_rank(_world, &rank), "Comm_rank");
            return rank;
        }
    }

    internal void Abort(int code) => _ = _abort(_world, code);

    internal void Finish() => Check(_finalize(), "Finalize");

    internal void Allgather(ReadOnlySpan<byte> own, Span<byte> all)
    {
        fixed (byte* from = own, to = all) Check(_allgather(from, own.Length, _byte, to, own.Length, _byte, _world), "Allgather");
    }

    internal void Allgather(ReadOnlySpan<byte> own, Span<byte> all, ReadOnlySpan<int> lengths, ReadOnlySpan<int> offsets)
    {
        fixed (byte* from = own, to = all)
        {
            fixed (int* n = lengths, at = offsets) Check(_allgatherv(from, own.Length, _byte, to, n, at, _byte, _world), "Allgatherv");
        }
    }

    internal void Broadcast(Span<byte> bytes)
    {
        fixed (byte* at = bytes) Check(_broadcast(at, bytes.Length, _byte, 0, _world), "Bcast");
    }

    internal void Send(ReadOnlySpan<byte> bytes, int to)
    {
        fixed (byte* at = bytes) Check(_send(at, bytes.Length, _byte, to, 0, _world), "Send");
    }

    internal void Receive(Span<byte> bytes, int from)
    {
        fixed (byte* at = bytes) Check(_receive(at, bytes.Length, _byte, from, 0, _world, _ignoresStatus), "Recv");
    }

    // The library ends the whole job at an error unless it is told otherwise, so this is rarely seen.
    private static void Check(int code, string call)
    {
        if (code != 0) throw new MpiException($"MPI_{call} failed with code {code}");
    }

    // The runtime's own copy of the environment does not reach native libraries.
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrites);
}
