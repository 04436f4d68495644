using Shunt.Cli;

return RankSession.Invoke(args);
