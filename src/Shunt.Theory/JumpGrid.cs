namespace Shunt.Theory;

/// <summary>How finely <see cref="JumpPassage"/> resolves the membrane potential.</summary>
/// <param name="Degree">Degree of the polynomials.</param>
/// <param name="Action">Largest action across an element: functions change by about e^Action in it.</param>
/// <param name="Width">Largest width of an element in SDs of the free membrane.</param>
/// <param name="Kinks">Weight (1 for the first) down to which places where a solution is not smooth become edges of elements.</param>
/// <param name="Seams">Largest number of such places.</param>
internal readonly record struct JumpResolution(int Degree, double Action, double Width, double Kinks, int Seams);

/// <summary>
/// Elements between the lowest potential that matters and the threshold: small where the action is steep, with edges where solutions have kinks.
/// The passage time jumps at threshold, so one jump before the threshold it has a layer or kink, and so on; the density starts with a layer at the
/// reset, which each jump copies.
/// </summary>
internal sealed class JumpGrid
{
    // e^-34 of the time is spent below the lowest element, when there is anything below
    private const double DeepestAction = 34;

    // in widths of an element: keeps their number within bounds whatever the input
    private const double SmallestStep = 2e-3;

    private readonly List<(double V, double Action)> profile = []; // decreasing V; action measured downwards from threshold

    internal JumpGrid(JumpProcess process, double reset, double threshold, JumpResolution resolution)
    {
        var action = new EscapeAction(process);
        var basis = new List<double>();
        double mean = process.MeanFree, start = Math.Min(reset, mean);

        // a solution varies over the spread of V, or over a jump where jumps are so rare that they are larger
        double largest = process.Jumps.Select(j => j.Size(mean)).Append(0).Max(), scale = resolution.Width * Math.Max(process.SdFree, 0.5 * largest);
        double share = resolution.Action; // of escapes too rare to matter in a table only ln T is wanted, to fewer digits
        if (mean < threshold) share *= Math.Clamp(action.To(threshold) / 250, 1, 1.75);
        double floor = Floor(process, reset), v = threshold, cumulated = 0, deep = 0;
        basis.Add(v);
        profile.Add((v, 0));
        while (true)
        {
            double span = v - floor;
            double step = Math.Min(Math.Max(Step(v), scale * SmallestStep), span), middle = v - step / 2;
            double momentum = action.Momentum(middle), refined = Math.Min(Math.Max(StepAt(momentum), scale * SmallestStep), span);
            if (span - refined < 0.3 * refined) refined = span;
            v = refined == span ? floor : v - refined;
            if (v + refined / 2 > mean) cumulated += refined * momentum;
            if (v < start && double.IsFinite(momentum)) deep += Math.Min(refined, start - v) * Math.Abs(momentum);
            basis.Add(v);
            profile.Add((v, cumulated));
            if (v <= floor || deep > DeepestAction) break;
        }

        basis.Reverse();
        Edges = WithSeams(process, basis, reset, threshold, resolution);
        TotalAction = cumulated;

        double Step(double at) => StepAt(action.Momentum(at));

        // below mu only the density is steep, which matters less; deep below everything it is negligible
        double StepAt(double momentum)
        {
            // infinite where nothing moves V away from mu
            double steepness = double.IsPositiveInfinity(momentum) ? 0 : Math.Abs(momentum) / (share * (1 + deep / 8));
            return 1 / ((momentum < 0 ? Math.Min(steepness, 3 / scale) : steepness) + 1 / scale);
        }
    }

    /// <summary>Edges of the elements, increasing; the last is the threshold.</summary>
    internal double[] Edges { get; }

    /// <summary>Action from mu to threshold; 0 when mu lies above it.</summary>
    internal double TotalAction { get; }

    /// <summary>Action from mu to a potential on its way to threshold; 0 below mu. Accurate to some percent.</summary>
    internal double ActionAt(double v)
    {
        int low = 0, high = profile.Count - 1;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            if (profile[middle].V >= v) low = middle;
            else high = middle;
        }

        (double v0, double a0) = profile[low];
        (double v1, double a1) = profile[high];
        return TotalAction - (v0 > v1 ? a0 + (a1 - a0) * (v0 - v) / (v0 - v1) : a0);
    }

    // nothing lies below the lowest of rest, reset and the points that jumps lead to
    private static double Floor(JumpProcess process, double reset)
    {
        double floor = Math.Min(process.Rest, reset);
        foreach (JumpProcess.Jump j in process.Jumps)
        {
            if (j.Fraction == 0 && j.Shift < 0) return double.NegativeInfinity;
            if (j.Fraction > 0) floor = Math.Min(floor, j.Shift / j.Fraction);
        }

        return floor;
    }

    private static double[] WithSeams(JumpProcess process, List<double> basis, double reset, double threshold, JumpResolution resolution)
    {
        double low = basis[0];
        var seams = new List<double> { low, threshold };
        var queue = new PriorityQueue<(double V, double Weight, bool Backwards), double>();
        Offer(threshold, 1, true);
        Offer(reset, 1, false);
        if (process.Rest > low && process.Rest < threshold) Accept(process.Rest);
        while (seams.Count < resolution.Seams && queue.TryDequeue(out var next, out _))
        {
            (double v, double weight, bool backwards) = next;
            double width = Local(v);
            if (v != threshold && !Accept(v)) continue;
            double all = process.TotalRate + Math.Abs(process.Drift(v)) / width;
            foreach (JumpProcess.Jump j in process.Jumps)
            {
                double image = backwards ? j.To(v) : j.From(v);
                if (double.IsFinite(image)) Offer(image, weight * j.Rate / all, backwards);
            }
        }

        seams.Sort();
        var edges = new List<double>(basis.Count + seams.Count);
        int s = 0;
        foreach (double v in basis)
        {
            while (s < seams.Count && seams[s] <= v) edges.Add(seams[s++]);
            double margin = 0.3 * Local(v);
            bool near = (s > 0 && v - seams[s - 1] < margin) || (s < seams.Count && seams[s] - v < margin);
            if (!near) edges.Add(v);
        }

        return [.. edges];

        void Offer(double v, double weight, bool backwards)
        {
            if (weight >= resolution.Kinks && v > low && (v < threshold || (backwards && v == threshold))) queue.Enqueue((v, weight, backwards), -weight);
        }

        bool Accept(double v)
        {
            double jump = process.Jumps.Min(j => Math.Abs(j.Size(v))), closest = 0.05 * (jump > 0 ? Math.Min(jump, Local(v)) : Local(v));
            foreach (double other in seams)
            {
                if (Math.Abs(other - v) < closest) return false;
            }

            seams.Add(v);
            return true;
        }

        double Local(double v)
        {
            int i = basis.BinarySearch(v);
            if (i < 0) i = ~i;
            i = Math.Clamp(i, 1, basis.Count - 1);
            return basis[i] - basis[i - 1];
        }
    }
}
