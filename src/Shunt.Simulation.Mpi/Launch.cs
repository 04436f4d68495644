using System.Globalization;

namespace Shunt.Simulation.Mpi;

/// <summary>The processes cannot be joined.</summary>
/// <param name="message">Why, and what to do.</param>
public sealed class MpiException(string message) : Exception(message);

/// <summary>What the environment says about how this process was started.</summary>
/// <param name="Size">Processes.</param>
/// <param name="Library">Names under which the library that belongs to the launcher is looked for, the first that is there being taken.</param>
public sealed record Launch(int Size, IReadOnlyList<string> Library)
{
    /// <summary>Environment variable that names another library, by path or name.</summary>
    internal const string LibraryVariable = "SHUNT_MPI_LIBRARY";

    private static readonly string[] OpenMpi = ["libmpi.so.40"], Mpich = ["libmpich.so.12", "libmpi.so.12"];

    /// <summary>Reads it; null when this process is alone.</summary>
    /// <param name="variable">The environment, by name.</param>
    /// <exception cref="MpiException">There are others, but none of the ways in which they could be joined.</exception>
    public static Launch? Of(Func<string, string?> variable)
    {
        bool isPmix = variable("OMPI_COMM_WORLD_SIZE") is not null || variable("PMIX_RANK") is not null, isPmi = variable("PMI_RANK") is not null;
        int size = First(variable, "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS") ?? 1;
        if (size <= 1) return null;
        if (!isPmix && !isPmi)
        {
            throw new MpiException(
                $"srun has started {size} processes that cannot find each other: add --mpi=pmix (for Open MPI) or --mpi=pmi2 (for MPICH) to its options");
        }

        return new Launch(size, variable(LibraryVariable) is { Length: > 0 } named ? [named] : isPmix ? OpenMpi : Mpich);
    }

    /// <summary>Number of this process, from 0, as far as the environment says.</summary>
    /// <param name="variable">The environment, by name.</param>
    public static int RankOf(Func<string, string?> variable) => First(variable, "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID") ?? 0;

    private static int? First(Func<string, string?> variable, params string[] names) => names
        .Select(name => int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : (int?)null).FirstOrDefault(n => n is not null);
}
