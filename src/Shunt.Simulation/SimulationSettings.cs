namespace Shunt.Simulation;

/// <summary>How time is treated.</summary>
public enum Engine
{
    /// <summary>On a grid of time steps: any network, fast.</summary>
    Grid,

    /// <summary>Event by event in continuous time, exact: instantaneous synapses only, the yardstick of the grid.</summary>
    Events,
}

/// <summary>Precision of the neurons' state on the grid.</summary>
#pragma warning disable CA1720 // Single and double are the names of what is chosen here.
public enum Precision
{
    /// <summary>32 bits: half the memory, twice the speed; its rounding is far below any sampling error.</summary>
    Single,

    /// <summary>64 bits.</summary>
    Double,
}
#pragma warning restore CA1720

/// <summary>How membranes and conductances are advanced over a time step.</summary>
public enum Integration
{
    /// <summary>Conductances release exactly what they should and are held at their average over the step, in which the membrane is solved exactly: stable for any step.</summary>
    Exponential,

    /// <summary>
    /// Forward Euler, V := V + dt dV/dt and g := g + dt dg/dt from the values at the beginning of the step; an arrival enters its conductance at the end of its step. What
    /// other simulators do by default: to see what it costs, or to meet numbers computed with it.
    /// </summary>
    Euler,
}

/// <summary>Where the synapses of a network are.</summary>
public enum WiringStorage
{
    /// <summary>Drawn once and kept, about a byte each.</summary>
    Stored,

    /// <summary>Computed whenever a spike needs them: nothing is kept, in-degrees are exactly K, sources are drawn with replacement.</summary>
    Procedural,
}

/// <summary>How a network is simulated. Everything here except <see cref="Threads"/> and <see cref="ShardSize"/> can change the spikes.</summary>
public sealed record SimulationSettings
{
    /// <summary>Grid or events.</summary>
    public Engine Engine { get; init; }

    /// <summary>Precision of the state on the grid.</summary>
    public Precision Precision { get; init; }

    /// <summary>How a step on the grid is done.</summary>
    public Integration Integration { get; init; }

    /// <summary>Stored or procedural wiring.</summary>
    public WiringStorage Wiring { get; init; }

    /// <summary>Time step (s). With <see cref="Engine.Events"/> only samples and bins lie on it.</summary>
    public double TimeStep { get; init; } = 5e-5;

    /// <summary>Unit of the times of spikes with <see cref="Engine.Events"/> (s).</summary>
    internal const double EventResolution = 1e-9;

    /// <summary>Unit in which spikes are handed on, to which their times are rounded up (s): the time step, or a nanosecond with <see cref="Engine.Events"/>.</summary>
    public double SpikeResolution => Engine == Engine.Events ? EventResolution : TimeStep;

    /// <summary>Simulated time before anything is measured (s).</summary>
    public double WarmUp { get; init; } = 0.5;

    /// <summary>Simulated time that is measured (s), after the warm-up.</summary>
    public double Duration { get; init; } = 5;

    /// <summary>Seed of every random number.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// Rate (Hz) above which a population may not fire through 100 ms; infinity never stops. Null stops populations that excite themselves, directly
    /// or through others, at 90 % of
    /// 1 / (t_ref + dt).
    /// </summary>
    public double? StopAbove { get; init; }

    /// <summary>Threads; 0 uses every core. Never changes a result.</summary>
    public int Threads { get; init; }

    /// <summary>Most neurons in a shard; 0 chooses. Never changes a result.</summary>
    public int ShardSize { get; init; }

    /// <summary>Time between samples of the membrane potential (s), rounded up to whole steps.</summary>
    public double SampleInterval { get; init; } = 5e-4;

    /// <summary>Width of a bin of the membrane histogram (mV).</summary>
    public double HistogramBin { get; init; } = 0.1;

    /// <summary>Neurons of each population whose potential is traced.</summary>
    public int TracedNeurons { get; init; } = 3;

    /// <summary>Which neurons are traced, by their index within each population; null for the first <see cref="TracedNeurons"/>.</summary>
    public IReadOnlyList<int>? ChosenNeurons { get; init; }

    /// <summary>How long they are traced after the warm-up (s).</summary>
    public double TraceDuration { get; init; } = 0.3;

    /// <summary>Neurons of each population shown in the raster.</summary>
    public int RasterNeurons { get; init; } = 100;

    /// <summary>How long the raster is after the warm-up (s).</summary>
    public double RasterDuration { get; init; } = 1;

    /// <summary>Bin of the population rate and of the synchrony index (s), rounded up to whole steps.</summary>
    public double RateBin { get; init; } = 1e-3;
}
