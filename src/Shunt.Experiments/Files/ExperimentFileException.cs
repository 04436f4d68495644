namespace Shunt.Experiments;

/// <summary>One thing that is wrong with an experiment file or with a <c>--set</c> or <c>--sweep</c> on top of it.</summary>
/// <param name="Source">Name of the file as it was given, or the override, for instance <c>--set coupling.K=many</c>.</param>
/// <param name="Line">Line, from 1; 0 when the place has none (an override, a file that cannot be read).</param>
/// <param name="Column">Column, from 1; 0 when the place has none.</param>
/// <param name="Path">Dotted path of the key, for instance <c>neuron.tau_m</c>; empty when it concerns the whole file.</param>
/// <param name="Message">The value and what is allowed.</param>
public sealed record ExperimentProblem(string Source, long Line, long Column, string Path, string Message)
{
    /// <summary>The problem as one line: <c>file(line,column): path: message</c>.</summary>
    public override string ToString()
    {
        string place = Line > 0 ? FormattableString.Invariant($"{Source}({Line},{Column})") : Source;
        return Path.Length > 0 ? $"{place}: {Path}: {Message}" : $"{place}: {Message}";
    }
}

/// <summary>An experiment file, an override or a sweep that cannot be used. Carries every problem that was found, in the order of the file.</summary>
public sealed class ExperimentFileException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="problems">At least one.</param>
    public ExperimentFileException(IEnumerable<ExperimentProblem> problems)
        : this([.. problems.Distinct().OrderBy(p => p.Line > 0 ? 0 : 1).ThenBy(p => p.Line).ThenBy(p => p.Column)])
    {
    }

    private ExperimentFileException(ExperimentProblem[] problems)
        : base(string.Join(Environment.NewLine, problems.Select(p => p.ToString()))) => Problems = problems;

    /// <summary>Exit code of a program that stops because of it: the input was wrong.</summary>
    public static int ExitCode => 2;

    /// <summary>Everything that is wrong.</summary>
    public IReadOnlyList<ExperimentProblem> Problems { get; }
}
