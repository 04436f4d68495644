using Shunt.Figures;
using Xunit;

namespace Shunt.Tests.Figures;

public sealed class SignificanceTests
{
    [TheoryAttribute]
    [InlineData(30.1234, 0.0567, "30.123 ± 0.057")]
    [InlineData(30.1234, 0.5, "30.12 ± 0.50")]
    [InlineData(30.1234, 4.26, "30.1 ± 4.3")]
    [InlineData(123.4, 34.2, "123 ± 34")]
    [InlineData(1234.5, 345, "1234 ± 345")]
    [InlineData(-60.4213, 0.0112, "−60.421 ± 0.011")]
    [InlineData(0.8123, 0.0996, "0.81 ± 0.10")]
    [InlineData(0, 0.0012, "0.0000 ± 0.0012")]
    [InlineData(1.234e-7, 5.6e-9, "(1.234 ± 0.056) × 10⁻⁷")]
    [InlineData(30.1234, double.NaN, "30.12")]
    [InlineData(30.1234, 0, "30.12")]
    [InlineData(double.NaN, 0.1, "–")]
    public void ErrorHasTwoDigitsAndTheValueEndsWhereTheErrorEnds(double value, double error, string expected) =>
        Assert.Equal(expected, Significance.WithError(value, error));

    [TheoryAttribute]
    [InlineData(0, "0")]
    [InlineData(1, "1.000")]
    [InlineData(0.83, "0.8300")]
    [InlineData(9.99996, "10.00")]
    [InlineData(123456, "123456")]
    [InlineData(1234567, "1.235 × 10⁶")]
    [InlineData(1.5e-12, "1.500 × 10⁻¹²")]
    [InlineData(-0.00012346, "−0.0001235")]
    [InlineData(double.NaN, "–")]
    [InlineData(double.NegativeInfinity, "−∞")]
    public void NumbersHaveFourSignificantDigits(double value, string expected) => Assert.Equal(expected, Significance.Number(value));

    [TheoryAttribute]
    [InlineData(30.5, 0.057, "30.500")]
    [InlineData(30.5, 4.3, "30.50")]
    [InlineData(0.0031234, double.NaN, "0.003123")]
    [InlineData(1e-9, 0.05, "1.000 × 10⁻⁹")]
    public void PredictionsShowTheDecimalsOfTheMeasurement(double value, double error, string expected) =>
        Assert.Equal(expected, Significance.Beside(value, error));

    [TheoryAttribute]
    [InlineData(1.234, 2, "+1.23")]
    [InlineData(-1.234, 1, "−1.2")]
    [InlineData(-0.001, 2, "0.00")]
    [InlineData(0.001, 2, "0.00")]
    [InlineData(314.2, 2, "+314")]
    [InlineData(-2.5e9, 1, "−2.5 × 10⁹")]
    [InlineData(double.NaN, 1, "–")]
    public void DifferencesHaveASign(double value, int decimals, string expected) => Assert.Equal(expected, Significance.WithSign(value, decimals));

    [Fact]
    public void CountsAreGroupedByThinSpaces() => Assert.Equal("25\u202f000\u202f000", Significance.Count(25_000_000));
}
