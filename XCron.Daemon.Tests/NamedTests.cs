using System.Reflection;
using XCron.Raft.Tests;

namespace XCron.Daemon.Tests;

/// <summary>The tests of both projects by name, Fixture.Method.</summary>
internal static class NamedTests
{
    private static readonly ILookup<string, Type> Fixtures = ((Type[])[typeof(NamedTests), typeof(TidyTests)])
        .SelectMany(static type => type.Assembly.GetTypes())
        .ToLookup(static type => type.Name);

    public static bool IsThere(string test) => test.Split('.') is [var fixture, var method]
        && Fixtures[fixture].SelectMany(static type => type.GetMethods())
            .Any(candidate => candidate.Name == method && IsTest(candidate));

    private static bool IsTest(MethodInfo method) => method.GetCustomAttributes()
        .Any(static attribute => attribute is TestAttribute or TestCaseAttribute or TestCaseSourceAttribute);
}
