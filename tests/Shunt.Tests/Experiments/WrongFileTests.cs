using Xunit;

namespace Shunt.Tests.Experiments;

public sealed class WrongFileTests
{
    [Theory]
    [InlineData("tau_m: 20 ms", "tau_m: 20 mV", "x")]
    [InlineData("tau_m: 20 ms", "tau_m: 20", "x")]
    [InlineData("tau_m: 20 ms", "tau_m: fast", "x")]
    [InlineData("tau_m: 20 ms", "tau_mm: 20 ms", "x")]
    [InlineData("tau_m: 20 ms", "colour: red", "x")]
    [InlineData("tau_m: 20 ms", "tau_m: -20 ms", "x")]
    [InlineData("tau_m: 20 ms", "tau_m: 20 ms, tau_m: 10 ms", "x")]
    [InlineData("tau_m: 20 ms", "tau_m:", "x")]
    [InlineData("tau_m: 20 ms", "tau_m: [20 ms]", "x")]
    [InlineData("tau_m: 20 ms", "model: eif", "x")]
    [InlineData("tau_m: 20 ms", "V_th: -70 mV", "x")]
    [InlineData("neuron: {tau_m: 20 ms, t_ref: 2 ms}", "neuron: 3", "x")]
    [InlineData("t_ref: 2 ms", "t_ref: 2.02 ms", "x")]
    [InlineData("K: 1000, ", "", "x")]
    [InlineData("K: 1000", "K: 1000.5", "x")]
    [InlineData("K: 1000", "K: many", "x")]
    [InlineData("K: 1000", "K: 4000", "x")]
    [InlineData("K: 1000", "K: 1000, in_degree: bernouli", "x")]
    [InlineData("K: 1000", "K: 1000, in_degree: fixed, in_degree_cv: 0.1", "x")]
    [InlineData("a: 0.0016", "a: 1", "x")]
    [InlineData("a: 0.0016", "a: 0.05", "x")]
    [InlineData("a: 0.0016", "a: 0.05 mV", "x")]
    [InlineData("a: 0.0016, ", "", "x")]
    [InlineData("a: 0.0016", "J: 0.1 mV", "x")]
    [InlineData("a: 0.0016", "a: 0.0016, scaling: {law: sqrt, K_ref: 1000, a_ref: 0.001}", "x")]
    [InlineData("a: 0.0016", "scaling: {law: power, K_ref: 1000, a_ref: 0.001}", "x")]
    [InlineData("size: 4000", "size: 0", "x")]
    [InlineData("size: 4000", "size: 1e12", "x")]
    [InlineData("I: {size: 1000}", "PV: {size: 1000}", "x")]
    [InlineData("I: {size: 1000}", "1st: {size: 1000}", "x")]
    [InlineData("rate: 25 Hz", "rate: -25 Hz", "x")]
    [InlineData("rate: 25 Hz", "rate: 25 Hz, wiring: pool", "x")]
    [InlineData("rate: 25 Hz", "rate: 25 Hz, wiring: pool, size: 100", "x")]
    [InlineData("rate: 25 Hz", "rate: 25 Hz, eta: 1.5", "x")]
    [InlineData("I: 1 ms", "I: 0.02 ms", "x")]
    [InlineData("I: 1 ms", "I: 0..0.02 ms", "x")]
    [InlineData("I: 1 ms", "I: 0.07 ms", "x")]
    [InlineData("I: 1 ms", "I: 3..1 ms", "x")]
    [InlineData("I: 1 ms", "I: soon", "x")]
    [InlineData("I: 1 ms", "P: 1 ms", "x")]
    [InlineData("dt: 0.05 ms", "dt: 0 ms", "x")]
    [InlineData("duration: 1 s", "duration: 1.00003 s", "x")]
    [InlineData("name: test", "projections: []", "x")]
    [InlineData("g: 20}", "g: 20", "x")]
    [InlineData("name: test", "name: 'test", "x")]
    [InlineData("g: 20}", "g: 20, recurrent: maybe}", "x")]
    [InlineData("g: 20}", "g: 20, recurrent: false}", "x")]
    [InlineData("g: 20}", "g: 20, autapses: false}\nsynapses: {model: current, E_ex: 0 mV}", "x")]
    [InlineData("name: test", "- name", "x")]
    public void A_wrong_value_is_named_with_its_place_and_what_is_allowed(string right, string wrong, string expected)
    {
        string yaml = Wrong.Quickstart.Replace(right, wrong, StringComparison.Ordinal);
        Assert.NotEqual(Wrong.Quickstart, yaml);
        Assert.Equal(expected, string.Join("\n", Wrong.ProblemsOf(yaml)));
    }
}
