using Shunt.Cli;

return CommandLine.Invoke(args);
