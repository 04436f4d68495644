namespace Shunt.Experiments;

/// <summary>Finds the word that was meant.</summary>
public static class Spelling
{
    /// <summary>The candidate within a few edits of a word (letters left out, added, changed or swapped),
    /// or else the first that begins with it, or null.</summary>
    /// <param name="word">What was written.</param>
    /// <param name="candidates">What is allowed.</param>
    public static string? Nearest(string word, IReadOnlyList<string> candidates)
    {
        string? best = null;
        int least = Math.Max(1, (word.Length + 1) / 3) + 1;
        foreach (string candidate in candidates)
        {
            int edits = Edits(word.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (edits >= least) continue;
            least = edits;
            best = candidate;
        }

        return best ?? (word.Length < 2 ? null : candidates.FirstOrDefault(c => c.StartsWith(word, StringComparison.OrdinalIgnoreCase)));
    }

    private static int Edits(string a, string b)
    {
        var edits = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    edits[i, j] = i + j;
                    continue;
                }

                int changed = edits[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                edits[i, j] = Math.Min(changed, 1 + Math.Min(edits[i - 1, j], edits[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) edits[i, j] = Math.Min(edits[i, j], edits[i - 2, j - 2] + 1);
            }
        }

        return edits[a.Length, b.Length];
    }
}
