using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public sealed class FeedbackTests
{
    [Fact]
    public void Newtons_method_with_measured_rates_converges_quadratically_to_the_self_consistent_state()
    {
        NetworkModel model = Networks.ModelA(1000, 0.0016, 20, 25);
        var siegert = new Siegert();
        double target = SelfConsistency.Solve(model, siegert).Observables["E"].Rate.Value;
        double[] errors = new double[3];
        double[] rates = [target * 1.05, target * 1.05];
        for (int i = 0; i < errors.Length; i++)
        {
            Synapse e = Synapse.Conductance(0.0016, 0), inhibition = Synapse.Conductance(0.032, -75);
            double answer = siegert.Rate(Neuron.Paper, [new(1000 * (25 + rates[0]), e), new(250 * rates[0], inhibition)]);
            Estimate[] improved = Feedback.Improve(model, siegert, rates, [new(answer, 0.1), new(answer, 0.1)]);
            Assert.Equal(improved[0], improved[1]);
            Assert.InRange(improved[0].StandardError, 1e-4, 0.1); // strong inhibition holds the rates: the error shrinks
            rates = [improved[0].Value, improved[1].Value];
            errors[i] = Math.Abs(rates[0] / target - 1);
        }

        Assert.InRange(errors[0], 1e-9, 5e-3);
        Assert.InRange(errors[1], 0, errors[0] * errors[0] * 20 + 1e-12);
        Assert.InRange(errors[2], 0, 1e-9);
    }
}
