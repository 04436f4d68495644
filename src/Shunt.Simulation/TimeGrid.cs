using System.Globalization;

namespace Shunt.Simulation;

/// <summary>The steps of a run.</summary>
internal sealed class TimeGrid
{
    private const double Tolerance = 1e-6;

    internal TimeGrid(SimulationSettings settings)
    {
        TimeStep = settings.TimeStep;
        if (!(TimeStep > 0 && double.IsFinite(TimeStep))) throw new SimulationException($"simulation.dt: {Ms(TimeStep)}; must be positive");
        WarmUpSteps = WholeSteps(settings.WarmUp, "simulation.warmup");
        MeasuredSteps = WholeSteps(settings.Duration, "simulation.duration");
        if (WarmUpSteps < 0) throw new SimulationException($"simulation.warmup: {Ms(settings.WarmUp)}; must be zero or more");
        if (MeasuredSteps <= 0) throw new SimulationException($"simulation.duration: {Ms(settings.Duration)}; must be positive");
        if (WarmUpSteps + MeasuredSteps > int.MaxValue / 2)
            throw new SimulationException($"simulation.duration: {WarmUpSteps + MeasuredSteps:N0} steps; at most {int.MaxValue / 2:N0} fit one run");
        SampleSteps = Math.Max(1, (long)Math.Ceiling((settings.SampleInterval / TimeStep) - Tolerance));
        RateBinSteps = Math.Max(1, (long)Math.Ceiling((settings.RateBin / TimeStep) - Tolerance));
    }

    /// <summary>dt (s).</summary>
    internal double TimeStep { get; }

    internal long WarmUpSteps { get; }

    internal long MeasuredSteps { get; }

    internal long TotalSteps => WarmUpSteps + MeasuredSteps;

    /// <summary>Steps between samples of V.</summary>
    internal long SampleSteps { get; }

    /// <summary>Steps in a bin of the population rate.</summary>
    internal long RateBinSteps { get; }

    /// <summary>A time as a whole number of steps; anything else is refused, not rounded.</summary>
    internal long WholeSteps(double time, string place)
    {
        double steps = time / TimeStep, whole = Math.Round(steps);
        if (!(Math.Abs(steps - whole) <= Tolerance * Math.Max(1, Math.Abs(whole))) || Math.Abs(whole) > long.MaxValue / 4)
        {
            throw new SimulationException(
                $"{place}: {Ms(time)} is not a whole number of time steps of {Ms(TimeStep)}; the nearest are {Ms(Math.Floor(steps) * TimeStep)} and {Ms(Math.Ceiling(steps) * TimeStep)}");
        }

        return (long)whole;
    }

    private static string Ms(double seconds) => (seconds * 1e3).ToString("G6", CultureInfo.InvariantCulture) + " ms";
}
