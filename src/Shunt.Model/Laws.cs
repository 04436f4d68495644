namespace Shunt.Model;

/// <summary>How many inputs of one kind each neuron receives.</summary>
public abstract record InDegreeLaw
{
    /// <summary>Mean in-degree.</summary>
    /// <param name="sourceSize">Neurons or units in the source.</param>
    public abstract double Mean(int sourceSize);

    /// <summary>Standard deviation of the in-degree over neurons.</summary>
    /// <param name="sourceSize">Neurons or units in the source.</param>
    public abstract double StandardDeviation(int sourceSize);

    /// <summary>Every neuron has exactly <paramref name="K"/> inputs.</summary>
    /// <param name="K">In-degree; zero or more.</param>
    public sealed record Fixed(int K) : InDegreeLaw
    {
        /// <inheritdoc/>
        public override double Mean(int sourceSize) => K;

        /// <inheritdoc/>
        public override double StandardDeviation(int sourceSize) => 0;
    }

    /// <summary>In-degrees drawn per neuron from a Gaussian, rounded to integers and truncated at 0 (the paper's Sec. on heterogeneity).</summary>
    /// <param name="K">Mean in-degree.</param>
    /// <param name="Cv">Standard deviation divided by the mean, CV_K.</param>
    public sealed record Gaussian(int K, double Cv) : InDegreeLaw
    {
        /// <inheritdoc/>
        public override double Mean(int sourceSize) => K;

        /// <inheritdoc/>
        public override double StandardDeviation(int sourceSize) => K * Cv;
    }

    /// <summary>Every pair is connected with the same probability: binomial in-degrees.</summary>
    /// <param name="Probability">Between 0 and 1.</param>
    public sealed record Bernoulli(double Probability) : InDegreeLaw
    {
        /// <inheritdoc/>
        public override double Mean(int sourceSize) => Probability * sourceSize;

        /// <inheritdoc/>
        public override double StandardDeviation(int sourceSize) => Math.Sqrt(Probability * (1 - Probability) * sourceSize);
    }
}

/// <summary>How long a spike travels.</summary>
public abstract record DelayLaw
{
    /// <summary>No delay: on a time grid a spike arrives in the step after the one in which it was fired.</summary>
    public sealed record None : DelayLaw;

    /// <summary>One delay for all synapses.</summary>
    /// <param name="Value">Delay (s); positive.</param>
    public sealed record Constant(double Value) : DelayLaw;

    /// <summary>
    /// Each synapse draws its delay uniformly. On a time grid every multiple of dt in (<paramref name="Minimum"/>, <paramref name="Maximum"/>] is equally
    /// likely (delays are rounded up, so no edge has half the weight).
    /// </summary>
    /// <param name="Minimum">Shortest delay (s); zero or more.</param>
    /// <param name="Maximum">Longest delay (s); above the shortest.</param>
    public sealed record Uniform(double Minimum, double Maximum) : DelayLaw;
}
