using Shunt.Experiments;
using Xunit;

namespace Shunt.Tests.Experiments;

/// <summary>Equality of what experiments hold in lists.</summary>
internal static class Models
{
    internal static void AssertEqual(Experiment expected, Experiment actual)
    {
        Assert.Equal(expected.Name, actual.Name);
        Assert.Equal(expected.Model.Populations, actual.Model.Populations);
        Assert.Equal(expected.Model.Inputs, actual.Model.Inputs);
        Assert.Equal(expected.Model.Projections, actual.Model.Projections);
        Assert.Equal(expected.Simulation, actual.Simulation);
        Assert.Equal(expected.TheoryMethod, actual.TheoryMethod);
        Assert.Equal(expected.Conventions, actual.Conventions);
    }
}
