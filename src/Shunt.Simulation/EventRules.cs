using System.Globalization;
using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// What makes a network exactly solvable event by event: between arrivals V decays exponentially to a rest below threshold, so it can cross the
/// threshold only at an arrival, and no root has to be searched. (Reversal potentials may lie anywhere: an arrival moves V at once, by a fraction of
/// the distance.)
/// </summary>
internal static class EventRules
{
    private const string Otherwise = "or use simulation.engine: grid";

    /// <exception cref="SimulationException">The network is not of this kind.</exception>
    internal static void Check(NetworkModel model, SimulationSettings settings)
    {
        if (settings.Wiring == WiringStorage.Procedural)
            throw new SimulationException($"simulation.wiring: procedural; events need stored wiring: set it to stored, {Otherwise}");
        foreach (Population population in model.Populations)
        {
            Neuron neuron = population.Neuron;
            if (neuron.Current is { } current)
            {
                throw new SimulationException(
                    $"populations.{population.Name}.neuron.model: {current.Model}; events need the linear membrane of lif, which has a closed formula between arrivals: "
                    + $"set it to lif, {Otherwise}");
            }

            if (neuron.RestingPotential < neuron.Threshold) continue;
            throw new SimulationException(
                $"populations.{population.Name}.neuron: E_L + I_e is {Text(neuron.RestingPotential)} mV; with events it must lie below V_th, "
                + $"{Text(neuron.Threshold)} mV, so that a neuron fires only when a spike arrives: lower it, {Otherwise}");
        }

        for (int i = 0; i < model.Projections.Count; i++)
        {
            Projection projection = model.Projections[i];
            if (!projection.Synapse.IsInstantaneous)
            {
                throw new SimulationException(
                    $"projections[{i}].tau_syn: {Text(projection.Synapse.TimeConstant * 1e3)} ms; "
                    + $"events need instantaneous synapses: set it to 0 ms, {Otherwise}");
            }

            if (projection.Delay is DelayLaw.None && model.FindPopulation(projection.Source) is not null)
            {
                throw new SimulationException(
                    $"projections[{i}].delay: none, from '{projection.Source}' to '{projection.Target}'; "
                    + $"with events a spike takes time from neuron to neuron: give a delay, of any length above zero, {Otherwise}");
            }
        }
    }

    private static string Text(double x) => x.ToString("G6", CultureInfo.InvariantCulture);
}
