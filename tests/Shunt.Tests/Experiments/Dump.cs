using System.Reflection;
using Xunit;
namespace Shunt.Tests.Experiments;
public sealed class Dump
{
    [Fact]
    public void D()
    {
        var w = new StreamWriter("/tmp/wt/msgs.txt") { AutoFlush = true };
        foreach (var a in typeof(WrongFileTests).GetMethods().SelectMany(m => m.GetCustomAttributes<InlineDataAttribute>()))
        {
            var d = a.Data;
            w.WriteLine($"### {d[0]} -> {d[1]}");
            foreach (var p in Wrong.ProblemsOf(Wrong.Quickstart.Replace((string)d[0]!, (string)d[1]!, StringComparison.Ordinal))) w.WriteLine("  " + p);
        }
        w.Close();
    }
}
