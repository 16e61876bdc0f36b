using XCron.Raft.Tests;

namespace XCron.Daemon.Tests;

/// <summary>Every fault that the scheduler must survive names tests, and each of them is there.</summary>
internal sealed class FaultsTests
{
    private const int Faults = 28;
    private const string Indent = "    ";
    private const string Missing = "missing: ";

    private static readonly string Path =
        System.IO.Path.Combine(TidyTests.SourceFile.Root, "XCron.Daemon.Tests", "Faults.txt");

    [Test]
    public void Faults_are_numbered_from_1_to_28_and_each_has_tests_that_are_there()
    {
        var tests = new List<List<string>>();
        var numbers = new List<string>();
        foreach (var line in File.ReadAllLines(Path).Where(static line => line.Length > 0 && line[0] != '#'))
        {
            if (line.StartsWith(Indent, StringComparison.Ordinal))
            {
                tests[^1].Add(line[Indent.Length..]);
                continue;
            }

            numbers.Add(line.Split(' ')[0]);
            tests.Add([]);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(numbers, Is.EqualTo(Enumerable.Range(1, Faults).Select(static number => $"{number}")));
            foreach (var (fault, named) in tests.Index())
            {
                Assert.That(named, Is.Unique.And.Not.Empty, $"fault {fault + 1}");
                foreach (var test in named.Where(static test => !test.StartsWith(Missing, StringComparison.Ordinal)))
                    Assert.That(NamedTests.IsThere(test), $"fault {fault + 1}: {test}");
            }
        }
    }
}
