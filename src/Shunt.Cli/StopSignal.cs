using System.Runtime.InteropServices;

namespace Shunt.Cli;

/// <summary>Ctrl-C and termination ask a run to stop; a second time ends the program at once.</summary>
internal sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    /// <param name="terminal">Says what happens; null for silence.</param>
    internal StopSignal(Terminal? terminal)
    {
        void Handle(PosixSignalContext context)
        {
            if (IsRequested) return;
            context.Cancel = true;
            _source.Cancel();
            terminal?.Note("stopping; the results so far will be written (once more to end at once)");
        }

        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle)];
    }

    internal CancellationToken Token => _source.Token;

    internal bool IsRequested => _source.IsCancellationRequested;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _source.Dispose();
    }
}
