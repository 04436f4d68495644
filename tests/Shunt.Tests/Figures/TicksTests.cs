using Shunt.Figures;
using Xunit;

namespace Shunt.Tests.Figures;

public sealed class TicksTests
{
    [TheoryAttribute]
    [InlineData(0, 1, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(-80, -50, "−80 −75 −70 −65 −60 −55 −50")]
    [InlineData(0, 0.13, "0.00 0.02 0.04 0.06 0.08 0.10 0.12")]
    [InlineData(-0.2, 9.3, "0 2 4 6 8")]
    public void LinearTicksAreRoundNumbers(double minimum, double maximum, string expected) =>
        Assert.Equal(expected, string.Join(' ', Ticks.Linear(minimum, maximum, _ => true).Labels));

    [Fact]
    public void AShortAxisKeepsTwoTicks() => Assert.Equal(2, Ticks.Linear(0, 37, t => t.Major.Count < 2).Major.Count);

    [TheoryAttribute]
    [InlineData(0.5, 200, "1 10 100")]
    [InlineData(1e-5, 1, "$10^{-5}$ $10^{-4}$ $10^{-3}$ $10^{-2}$ $10^{-1}$ $10^{0}$")]
    [InlineData(3, 40, "5 10 20")]
    public void LogarithmicTicksSkipNoDecade(double minimum, double maximum, string expected) =>
        Assert.Equal(expected, string.Join(' ', Ticks.Logarithmic(minimum, maximum, _ => true).Labels));

    [Fact]
    public void DecadesAreSkippedOnlyWhenTheyDoNotFit()
    {
        Ticks ticks = Ticks.Logarithmic(1e-9, 1e3, t => t.Major.Count <= 4);
        Assert.InRange(ticks.Major.Count, 3, 4);
        Assert.True(ticks.Minor.Count >= 8, "the decades without label keep a tick");
    }

    [TheoryAttribute]
    [InlineData(1e-9, 3e-9)]
    [InlineData(2e8, 9e8)]
    public void ExtremeNumbersAreWrittenAsPowers(double minimum, double maximum) =>
        Assert.Contains(@"\times10^{", Ticks.Linear(minimum, maximum, _ => true).Labels[1], StringComparison.Ordinal);
}
