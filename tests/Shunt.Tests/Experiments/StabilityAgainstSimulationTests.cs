using Shunt.Experiments;
using Shunt.Tests.Theory;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Experiments;

/// <summary>
/// Brunel's network with g = 6 on both sides of its onset of fast oscillations (at 3.2 nu_thr): linear response against the spectrum of simulated rates.
/// The network has twice the neurons of the original, because the finite in-degree 2 % and shared input of 10 % lower the spectrum by half.
/// </summary>
public sealed class StabilityAgainstSimulationTests
{
    private static AsynchronousReport Report(double rate)
    {
        Experiment experiment = ExperimentFile.Read(Repository.PathOf("experiments/stability/fast_oscillation.yaml"))
            .With([
                FormattableString.Invariant($"input.rate={rate} Hz"), "populations.E.size=20000", "populations.I.size=10000", "simulation.warmup=0.1 s",
                "simulation.duration=1.2 s"]).Bind();
        return AsynchronousReport.Of(experiment).With(PointRunner.Simulate(experiment, null, null, default).Record);
    }

    [Fact]
    public void The_onset_lies_between_the_stable_and_the_unstable_points()
    {
        (double ratio, NetworkMode mode) = Stability.Onset(r => StabilityTests.BrunelNetwork(6, r, 1.5), new Siegert(), 2.4, 4);
        Assert.InRange(ratio, 3.2, 3.3);
        Assert.InRange(mode.Frequency, 170, 180);
        Assert.InRange(mode.GrowthRate, -1e-3, 1e-3);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(16)]
    [InlineData(24)]
    public void Before_the_onset_the_fluctuations_have_the_predicted_spectrum(double rate)
    {
        AsynchronousReport report = Report(rate);
        RateSpectrum measured = report.Measured[0]!;
        NetworkMode mode = report.Stability.Modes[0];
        Assert.True(report.Stability.IsStable);

        // mean frequency and sum of the band around the mode
        double predictedSum = 0, measuredSum = 0, predictedMean = 0, measuredMean = 0;
        for (int i = 0; i < measured.Frequency.Count; i++)
        {
            double f = measured.Frequency[i];
            if (f is < 40 or > 300) continue;
            double s = Interpolated(report.Frequency, report.Spectra[0], f);
            (predictedSum, predictedMean) = (predictedSum + s, predictedMean + (f * s));
            (measuredSum, measuredMean) = (measuredSum + measured.Value[i], measuredMean + (f * measured.Value[i]));
        }

        Assert.InRange(measuredSum / predictedSum, 0.6, 1.1); // 0.74 to 0.80: what is left of shared input and large jumps
        Assert.InRange(measuredMean / measuredSum / (predictedMean / predictedSum), 0.9, 1.1);
        Assert.InRange(mode.Frequency, 80, 160);
    }

    [Theory]
    [InlineData(45)]
    [InlineData(50)]
    [InlineData(60)]
    public void Beyond_the_onset_the_network_oscillates_with_about_the_frequency_of_the_growing_mode(double rate)
    {
        AsynchronousReport report = Report(rate);
        RateSpectrum measured = report.Measured[0]!;
        Assert.Equal(2, report.Stability.GrowingModes);
        int peak = Enumerable.Range(0, measured.Value.Count).MaxBy(i => measured.Value[i]);
        Assert.InRange(measured.Frequency[peak] / report.Stability.Modes[0].Frequency, 0.88, 1.08);
        Assert.True(measured.Value[peak] > 100, $"{measured.Value[peak]} spk/s"); // at 24 Hz it is 2
    }

    private static double Interpolated(IReadOnlyList<double> x, IReadOnlyList<double> y, double at)
    {
        int i = Enumerable.Range(1, x.Count - 1).First(k => x[k] >= at);
        return y[i - 1] + ((y[i] - y[i - 1]) * (at - x[i - 1]) / (x[i] - x[i - 1]));
    }
}
