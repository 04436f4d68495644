namespace Shunt.Experiments;

/// <summary>Limits of a number.</summary>
internal enum Limit
{
    /// <summary>Any finite number.</summary>
    Finite,

    /// <summary>Any finite number or infinity.</summary>
    MayBeInfinite,

    /// <summary>Zero or more, and finite.</summary>
    NotNegative,

    /// <summary>Above zero, and finite.</summary>
    Positive,

    /// <summary>Above zero, or infinity.</summary>
    PositiveOrInfinite,
}

/// <summary>What may be written at a place of the file.</summary>
internal abstract record Shape
{
    /// <summary>Keys with fixed names.</summary>
    /// <param name="Keys">In the order of the reference and of resolved files.</param>
    internal sealed record Map(IReadOnlyList<Key> Keys) : Shape;

    /// <summary>Keys with free names, all of one shape.</summary>
    /// <param name="Each">Shape of every value.</param>
    /// <param name="What">What a name stands for.</param>
    internal sealed record Named(Shape Each, string What) : Shape;

    /// <summary>A list.</summary>
    /// <param name="Each">Shape of every item.</param>
    internal sealed record ListOf(Shape Each) : Shape;

    /// <summary>A number with a unit, or a plain number.</summary>
    /// <param name="Dimension">What it measures.</param>
    /// <param name="Unit">Unit in which resolved files write it.</param>
    /// <param name="Limit">What is allowed.</param>
    internal sealed record Number(Dimension Dimension, string Unit, Limit Limit) : Shape;

    /// <summary>A whole number.</summary>
    /// <param name="Minimum">Smallest allowed.</param>
    /// <param name="Maximum">Largest allowed.</param>
    internal sealed record Integer(decimal Minimum, decimal Maximum) : Shape;

    /// <summary>One of a few words.</summary>
    /// <param name="Names">The words.</param>
    internal sealed record Choice(params string[] Names) : Shape;

    /// <summary>true or false.</summary>
    internal sealed record Flag : Shape;

    /// <summary>Any text.</summary>
    internal sealed record Text : Shape;

    /// <summary>A delay: <c>none</c>, a time, or a range.</summary>
    internal sealed record Delay : Shape;

    internal static Number Time(Limit limit, string unit = "ms") => new(Dimension.Time, unit, limit);

    internal static Number Voltage(Limit limit) => new(Dimension.Voltage, "mV", limit);

    internal static Number Rate(Limit limit = Limit.NotNegative) => new(Dimension.Rate, "Hz", limit);

    internal static Number Plain(Limit limit) => new(Dimension.None, "", limit);

    internal static Integer Count(int minimum) => new(minimum, int.MaxValue);
}

/// <summary>One key of the file: everything that parsing, messages, resolved files, the key reference and the schema know about it.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Shape">What may be written.</param>
/// <param name="Doc">One line of documentation.</param>
internal sealed record Key(string Name, Shape Shape, string Doc)
{
    /// <summary>The value when the key is missing, as text; empty for a map whose own defaults are used; null when there is none.</summary>
    internal string? Default { get; init; }

    /// <summary>
    /// Path whose value is used when the key is missing, if there is one; <c>{type}</c> stands for the value of the sibling key <c>type</c>.
    /// </summary>
    internal string? DefaultFrom { get; init; }

    /// <summary>Whether the key must be written.</summary>
    internal bool Required { get; init; }

    /// <summary>The key has a meaning only where this other key has this value; a path that starts with a dot names a sibling.</summary>
    internal (string Path, string Value)? When { get; init; }

    /// <summary>A default that depends on the keys before it, with the words that describe it, from the map it is in and the file.</summary>
    internal (string Words, Func<Entry, Entry, string> Value)? DefaultBy { get; init; }

    /// <summary>The form of the file that the section belongs to.</summary>
    internal FileForm Form { get; init; }
}

/// <summary>The two ways to write a network.</summary>
internal enum FileForm
{
    /// <summary>Belongs to both.</summary>
    Any,

    /// <summary>coupling, input, delays.</summary>
    Short,

    /// <summary>inputs, projections.</summary>
    General,
}

/// <summary>Looks up shapes by path.</summary>
internal static class ShapePaths
{
    /// <summary>What may be written at a dotted path, for instance <c>projections[0].K</c>; null when the path is unknown.</summary>
    internal static Shape? ShapeAt(this Shape root, string path)
    {
        Shape? shape = root;
        foreach (string step in path.Replace("[", ".[", StringComparison.Ordinal).Split('.'))
        {
            shape = shape switch
            {
                Shape.Map map => map.Keys.FirstOrDefault(k => k.Name == step)?.Shape,
                Shape.Named named => named.Each,
                Shape.ListOf list when step.StartsWith('[') => list.Each,
                _ => null,
            };
        }

        return shape;
    }
}
