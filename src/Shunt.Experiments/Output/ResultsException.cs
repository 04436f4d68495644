namespace Shunt.Experiments;

/// <summary>Results that cannot be written or read. The message says which file, why, and what is still there.</summary>
public sealed class ResultsException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">Which file, why, and what can be done.</param>
    /// <param name="exitCode">Exit code of a program that stops because of it: 2 when the folder that was asked for cannot be used, else 1.</param>
    /// <param name="cause">What went wrong underneath, or null.</param>
    public ResultsException(string message, int exitCode = 1, Exception? cause = null)
        : base(message, cause) => ExitCode = exitCode;

    /// <summary>Exit code of a program that stops because of it.</summary>
    public int ExitCode { get; }
}
