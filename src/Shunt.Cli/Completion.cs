using System.CommandLine;

namespace Shunt.Cli;

/// <summary>Tab completion: the shell asks the program itself, which knows its commands, options and the files beside it.</summary>
internal static class Completion
{
    private const string Bash = """
        # Tab completion for shunt. Put this into your shell with: source <(shunt completion bash)
        _shunt() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _shunt shunt ./shunt
        """;

    private const string Zsh = """
        # Tab completion for shunt. Put this into your shell with: source <(shunt completion zsh)
        _shunt() {
            local -a words
            words=("${(@f)$("${words[1]}" "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            compadd -a words
            _files
        }
        compdef _shunt shunt ./shunt
        """;

    internal static Command Command()
    {
        var shell = new Argument<string>("SHELL") { HelpName = "SHELL", Description = "bash or zsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        var command = new Command("completion",
            "Print a script that teaches a shell to complete commands, options and files with the Tab key.") { shell };
        command.SetAction(parsed =>
        {
            Console.Out.WriteLine(parsed.GetRequiredValue(shell) == "bash" ? Bash : Zsh);
            return 0;
        });
        return command;
    }

    /// <summary>Experiment files and folders that continue what has been typed.</summary>
    internal static IEnumerable<string> Files(string typed) => Files(typed, ".yaml", ".yml");

    /// <summary>Files with certain endings, and folders, that continue what has been typed.</summary>
    internal static IEnumerable<string> Files(string typed, params string[] endings)
    {
        string folder = Path.GetDirectoryName(typed) ?? "";
        string searched = folder.Length > 0 ? folder : ".";
        if (!Directory.Exists(searched)) return [];
        return new DirectoryInfo(searched).EnumerateFileSystemInfos()
            .Where(f => f is DirectoryInfo || endings.Contains(f.Extension))
            .Where(f => !f.Name.StartsWith('.'))
            .Select(f => Path.Combine(folder, f.Name) + (f is DirectoryInfo ? "/" : ""))
            .Where(f => f.StartsWith(typed, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
    }
}
