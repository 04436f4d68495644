using Shunt.Model;

namespace Shunt.Experiments;

/// <summary>
/// A value of the file after checking: what it is, and where it came from. A default taken over from another key points to that key.
/// </summary>
internal sealed class Entry
{
    private readonly Dictionary<string, Entry> children = new(StringComparer.Ordinal);

    internal Entry(Shape shape, string path, Place place)
    {
        Shape = shape;
        Path = path;
        Place = place;
    }

    /// <summary>What may be written here.</summary>
    internal Shape Shape { get; }

    /// <summary>Path of the key that the value came from.</summary>
    internal string Path { get; }

    /// <summary>Where that key was written.</summary>
    internal Place Place { get; }

    /// <summary>
    /// Checked value of a leaf in internal units (double, decimal, string, bool, <see cref="DelayLaw"/>); null when it is wrong or missing.
    /// </summary>
    internal object? Value { get; init; }

    /// <summary>Names of the children of a map, in order.</summary>
    internal List<string> Names { get; } = [];

    /// <summary>Items of a list.</summary>
    internal List<Entry> Items { get; } = [];

    /// <summary>A plain number, or a quantity in internal units.</summary>
    internal double Number => (double)Required;

    /// <summary>A whole number.</summary>
    internal int Count => (int)(decimal)Required;

    /// <summary>A word or text.</summary>
    internal string Word => (string)Required;

    /// <summary>True or false.</summary>
    internal bool IsOn => (bool)Required;

    /// <summary>A delay.</summary>
    internal DelayLaw Delay => (DelayLaw)Required;

    private object Required => Value ?? throw new UnusableEntryException(Path);

    /// <summary>A child that must have been checked.</summary>
    /// <exception cref="UnusableEntryException">It is missing or wrong; the problem was reported already.</exception>
    internal Entry this[string name] => Find(name) ?? throw new UnusableEntryException($"{Path}.{name}");

    internal Entry? Find(string name) => children.GetValueOrDefault(name);

    internal void Add(string name, Entry child)
    {
        Names.Add(name);
        children.Add(name, child);
    }

    /// <summary>The same value under this place's own shape, for a default that is taken over.</summary>
    internal Entry Lend(Shape shape) => new(shape, Path, Place) { Value = Value };

    internal ExperimentProblem Problem(string message) => Place.Problem(Path, message);
}

/// <summary>Thrown where a value is used that was found wrong before: what depends on it is skipped, the rest of the file is still checked.</summary>
internal sealed class UnusableEntryException(string path) : Exception(path);
