namespace XCron.Raft.Tests.Golden;

/// <summary>
/// One readable transcript a scenario, in Scenarios/. With XCRON_GOLDEN=rewrite they are written anew; then read the
/// difference before it is committed.
/// </summary>
internal sealed class GoldenTests
{
    private const string Rewrite = "rewrite";
    private const int LinesBefore = 30;

    private static readonly string Folder = Path.Combine(
        TidyTests.SourceFile.Root, "XCron.Raft.Tests", "Golden", "Scenarios");

    public static IEnumerable<string> Names => Directory
        .EnumerateFiles(Folder, "*.txt")
        .Select(static path => Path.GetFileNameWithoutExtension(path))
        .Order(StringComparer.Ordinal);

    public static IEnumerable<TestCaseData> Scenarios =>
        Names.Select(static name => new TestCaseData(name).SetName(name));

    public static string FileOf(string scenario) => Path.Combine(Folder, scenario + ".txt");

    [TestCaseSource(nameof(Scenarios))]
    public void Scenario_goes_as_it_is_told(string name)
    {
        var path = FileOf(name);
        var text = File.ReadAllText(path);
        var scenario = Scenario.Parse(name, text);
        Assert.That(scenario.Lines[0].Text, Does.StartWith("# "), "it begins with what to look for");
        Assert.That(scenario.Expectations, Is.AtLeast(2), "a blind rewrite must not make it meaningless");

        var told = scenario.Render(Run(scenario));

        if (Environment.GetEnvironmentVariable("XCRON_GOLDEN") == Rewrite)
            File.WriteAllText(path, told);
        else if (told != text)
            Assert.Fail(Difference.Between(name, text, told));
    }

    private static List<IReadOnlyList<string>> Run(Scenario scenario)
    {
        var interpreter = new Interpreter();
        var transcripts = new List<IReadOnlyList<string>>();
        foreach (var line in scenario.Lines.Where(static line => line.IsCommand))
        {
            try
            {
                transcripts.Add(interpreter.Run(line.Text));
            }
            catch (Exception failure) when (failure is FormatException or ResultStateException or InvariantException)
            {
                var before = string.Join('\n', transcripts.SelectMany(static told => told).TakeLast(LinesBefore));
                var place = $"{scenario.Name}.txt:{line.Number}: {line.Text}";
                throw new AssertionException($"{place}\n{failure.Message}\nBefore it:\n{before}", failure);
            }
        }

        return transcripts;
    }
}
