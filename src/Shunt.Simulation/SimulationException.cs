namespace Shunt.Simulation;

/// <summary>A simulation cannot start or cannot go on; the message says where and why.</summary>
public sealed class SimulationException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What went wrong, with place, value and what is allowed.</param>
    public SimulationException(string message)
        : base(message)
    {
    }
}
