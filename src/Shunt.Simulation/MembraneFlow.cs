using System.Numerics;
using System.Runtime.CompilerServices;
using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// What one step does to a membrane with given conductance and drive: the neuron model, plugged into the loop by type, so that it costs no call.
/// Potentials are relative to the population's reference.
/// </summary>
internal interface IMembraneFlow<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>V at the end of a step.</summary>
    /// <param name="v">V at its beginning (mV).</param>
    /// <param name="gamma">Conductance Gamma, leak included, integrated over the step.</param>
    /// <param name="drive">Drive N (mV), integrated over the step.</param>
    Vector<T> Over(Vector<T> v, Vector<T> gamma, Vector<T> drive);
}

/// <summary>Leak and synapses only: dV/ds = N - Gamma V, solved exactly.</summary>
internal readonly struct LinearFlow<T> : IMembraneFlow<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<T> Over(Vector<T> v, Vector<T> gamma, Vector<T> drive) =>
        Lanes.Fma(Lanes.Fma(-gamma, v, drive), Relaxation.Phi(gamma), v);
}

/// <summary>Leak and synapses only, by forward Euler: V := V + N - Gamma V.</summary>
internal readonly struct EulerFlow<T> : IMembraneFlow<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<T> Over(Vector<T> v, Vector<T> gamma, Vector<T> drive) => Lanes.Fma(-gamma, v, drive) + v;
}

/// <summary>
/// Exponential integrate-and-fire: dV/ds = N - Gamma V + lambda Delta e^x, x = (V - V_T)/Delta, lambda = dt/tau_L. Along a path that rises evenly
/// from V to V*, where the linear part alone would end, the exponential part has a closed solution:
/// <code>
/// q  = lambda int_0^1 e^{x + s (x* - x)} ds = lambda e^{max(x, x*)} phi(|x* - x|)
/// V := V* - Delta ln(1 - q) phi(Gamma)
/// </code>
/// phi(Gamma) is how much of what comes in during the step is left at its end. It has order 2, is exact without the current and for a current on its
/// own, and knows when the upswing is over within the step: for q >= 1 V has gone to infinity, and the neuron fires.
/// </summary>
internal readonly struct SpikeFlow<T>(LoweredPopulation population, MembraneCurrent.SpikeInitiation current) : IMembraneFlow<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T _lambda = T.CreateChecked(population.Leak);
    private readonly T _sharpness = T.CreateChecked(current.Sharpness);
    private readonly T _perSharpness = T.CreateChecked(1 / current.Sharpness);
    private readonly T _onset = T.CreateChecked(current.Threshold - population.Reference);
    private readonly T _peak = T.CreateChecked(population.Source.Neuron.Threshold - population.Reference);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<T> Over(Vector<T> v, Vector<T> gamma, Vector<T> drive)
    {
        Vector<T> perSharpness = Vector.Create(_perSharpness), onset = Vector.Create(_onset), left = Relaxation.Phi(gamma);
        Vector<T> linear = Lanes.Fma(Lanes.Fma(-gamma, v, drive), left, v);
        Vector<T> from = (v - onset) * perSharpness, to = (linear - onset) * perSharpness;
        Vector<T> q = Vector.Create(_lambda) * ElementaryFunctions.Exp(Vector.Max(from, to)) * Relaxation.Phi(Vector.Abs(to - from));
        Vector<T> after = Lanes.Fma(ElementaryFunctions.MinusLogOneMinus(q) * left, Vector.Create(_sharpness), linear);
        return Vector.ConditionalSelect(Vector.LessThan(q, Vector<T>.One), after, Vector.Create(_peak));
    }
}

/// <summary>
/// Inward rectifier: dV/ds = N - Gamma V - lambda g (V - E)/(1 + (V - E)/Delta), by the exponential Rosenbrock-Euler method, which solves the
/// equation linearised at V exactly: order 2, and exact for a constant conductance (Delta infinite).
/// </summary>
internal readonly struct RectifierFlow<T>(LoweredPopulation population, MembraneCurrent.InwardRectifier current) : IMembraneFlow<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T _conductance = T.CreateChecked(population.Leak * current.Conductance);
    private readonly T _reversal = T.CreateChecked(current.Reversal - population.Reference);
    private readonly T _perRange = T.CreateChecked(1 / current.Range);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<T> Over(Vector<T> v, Vector<T> gamma, Vector<T> drive)
    {
        Vector<T> above = v - Vector.Create(_reversal);
        Vector<T> closed = Vector<T>.One / Lanes.Fma(above, Vector.Create(_perRange), Vector<T>.One);
        Vector<T> conductance = Vector.Create(_conductance) * closed;
        Vector<T> change = Lanes.Fma(-conductance, above, Lanes.Fma(-gamma, v, drive));
        return Lanes.Fma(change, Relaxation.Phi(Lanes.Fma(conductance, closed, gamma)), v);
    }
}

/// <summary>What forward Euler cannot do.</summary>
internal static class EulerRules
{
    private const string Otherwise = "or use simulation.integration: exponential";

    /// <exception cref="SimulationException">The decay of a synapse is not stable, or would change sign, in a step.</exception>
    internal static void Check(Synapse synapse, string place, double dt)
    {
        if (synapse.IsInstantaneous || dt <= synapse.TimeConstant * (1 + 1e-9)) return;
        throw new SimulationException(
            $"{place}.tau_syn: {synapse.TimeConstant * 1e3:G6} ms; with forward Euler a conductance changes sign where dt, {dt * 1e3:G6} ms, is longer: use a smaller dt, {Otherwise}");
    }

    /// <exception cref="SimulationException">The membrane is not linear, or not stable on its own.</exception>
    internal static void Check(Population population, double dt)
    {
        Neuron neuron = population.Neuron;
        if (neuron.Current is { } current)
            throw new SimulationException($"populations.{population.Name}.neuron.model: {current.Model}; forward Euler is for lif: set it to lif, {Otherwise}");
        if (dt > neuron.MembraneTimeConstant)
        {
            throw new SimulationException(
                $"populations.{population.Name}.neuron.tau_m: {neuron.MembraneTimeConstant * 1e3:G6} ms; with forward Euler the membrane overshoots where dt, {dt * 1e3:G6} ms, is longer: use a smaller dt, {Otherwise}");
        }
    }
}

/// <summary>What a neuron model asks of the time step.</summary>
internal static class FlowRules
{
    /// <summary>Largest dt g_rect / tau_m.</summary>
    private const double Resolved = 0.1;

    /// <exception cref="SimulationException">
    /// A step of an inward rectifier could take V to where its conductance has no limit. With lambda g below 1 and the lowest pulling potential more
    /// than lambda g Delta above that point, no step can.
    /// </exception>
    internal static void Check(LoweredPopulation population, double dt)
    {
        if (population.Source.Neuron.Current is not MembraneCurrent.InwardRectifier rectifier) return;
        double tau = population.Source.Neuron.MembraneTimeConstant, resolved = Resolved * tau / rectifier.Conductance;
        double room = Pulls(population).Min() - rectifier.LowestPotential, safe = room * tau / (rectifier.Conductance * rectifier.Range);
        double largest = double.IsInfinity(rectifier.Range) ? resolved : Math.Min(resolved, safe);
        if (dt < largest) return;
        throw new SimulationException(
            $"populations.{population.Source.Name}.neuron.g_rect: a step of dt = {dt * 1e3:G6} ms does not resolve the inward rectifier; use dt below {largest * 1e3:G3} ms");
    }

    /// <summary>Potentials that pull V, and where it starts: it stays between the lowest and the highest unless a current drives it.</summary>
    internal static IEnumerable<double> Pulls(LoweredPopulation population)
    {
        Neuron neuron = population.Source.Neuron;
        IEnumerable<double> conductances = population.Channels.Where(c => c.IsConductance).Select(c => c.Reversal).Append(neuron.RestingPotential).Append(neuron.Reset);
        return neuron.Current is MembraneCurrent.InwardRectifier rectifier ? conductances.Append(rectifier.Reversal) : conductances;
    }
}
