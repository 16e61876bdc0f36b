using System.Reflection;
using XCron.Raft.Tests.Golden;

namespace XCron.Raft.Tests;

/// <summary>Every line of the checklist, every scenario and every claim has a test that is there.</summary>
internal sealed class ChecklistTests
{
    private const int Lines = 70;

    /// <summary>Those that etcd/raft's test data and the lessons of others ask for.</summary>
    private static readonly string[] Scenarios =
    [
        "add_double", "async_storage_writes", "async_storage_writes_append_aba_race", "campaign",
        "campaign_learner_must_vote", "checkquorum", "confchange_add_one", "confchange_remove_one",
        "disk_stall_hands_over", "figure_7", "figure_8", "forget_leader", "full_disk_rejects_and_recovers",
        "heartbeat_resp_recovers_from_probing", "joint_autoleave", "joint_idempotency", "joint_learners_next",
        "joint_safety", "lagging_commit", "prevote", "prevote_checkquorum", "probe_and_replicate",
        "read_round_paused_leader", "remove_leader_stepdown", "replace_leader", "replicate_pause", "single_node",
        "single_server_change_2015", "slow_follower_after_compaction", "snapshot_behind",
        "snapshot_succeed_via_app_resp", "transfer", "transfer_interrupted",
    ];

    private static readonly Type[] Fixtures = typeof(ChecklistTests).Assembly.GetTypes();

    private static readonly IReadOnlyList<Checklist.Item> Items = Checklist.Read();

    [Test]
    public void Every_line_is_there_once_in_order() => Assert.That(
        Items.Where(static item => !item.IsClaim).Select(static item => item.Number),
        Is.EqualTo(Enumerable.Range(1, Lines)));

    [Test]
    public void Every_line_has_a_test_or_says_why_not()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (var item in Items)
            {
                var isHeld = item.Tests.Count > 0 || (item.Missing.Count > 0 && !item.IsClaim);
                Assert.That(isHeld, $"Checklist.txt:{item.Line}: {item.Key} {item.Title}");
                Assert.That(item.Tests, Is.Unique, $"Checklist.txt:{item.Line}");
            }
        }
    }

    [Test]
    public void Every_test_that_is_named_is_there()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (var item in Items)
            {
                foreach (var test in item.Tests)
                    Assert.That(IsThere(test), $"Checklist.txt:{item.Line}: {item.Key} {test}");
            }
        }
    }

    [Test]
    public void Every_golden_scenario_is_there() =>
        Assert.That(GoldenTests.Names, Is.SupersetOf(Scenarios));

    [Test]
    public void Every_golden_scenario_holds_a_line()
    {
        var named = Items.SelectMany(static item => item.Tests)
            .Where(static test => test.StartsWith("golden ", StringComparison.Ordinal))
            .Select(static test => test.Split(' ')[1]);

        string[] without = ["confchange_add_one", "joint_learners_next"]; // they show the usual way, and no danger
        Assert.That(named.Concat(without), Is.SupersetOf(GoldenTests.Names));
    }

    [Test]
    public void Every_claim_stands_as_a_sentence_at_its_test()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (var item in Items.Where(static item => item.IsClaim))
            {
                foreach (var test in item.Tests)
                    Assert.That(CommentOf(test), Does.Contain(item.Key).And.Contain("\""), $"{item.Key} at {test}");
            }
        }
    }

    private static bool IsThere(string test) => test.Split(' ') switch
    {
        ["golden", var scenario] => File.Exists(GoldenTests.FileOf(scenario)),
        ["daemon", var name] => IsInSource("XCron.Daemon.Tests", name),
        [var name] => IsInAssembly(name),
        _ => false,
    };

    private static bool IsInAssembly(string test)
    {
        var (fixture, method) = Parts(test);
        return Fixtures
            .Where(type => type.Name == fixture)
            .SelectMany(static type => type.GetMethods())
            .Any(candidate => candidate.Name == method && IsTest(candidate));
    }

    private static bool IsTest(MethodInfo method) => method.GetCustomAttributes()
        .Any(static attribute => attribute is TestAttribute or TestCaseAttribute or TestCaseSourceAttribute);

    // The other project's tests are not referred to: their source says what there is.
    private static bool IsInSource(string project, string test)
    {
        var (fixture, method) = Parts(test);
        return SourceOf(project, fixture)?.Any(line => line.Contains($" {method}(", StringComparison.Ordinal)) == true;
    }

    private static string CommentOf(string test)
    {
        var (fixture, method) = Parts(test);
        var source = SourceOf("XCron.Raft.Tests", fixture) ?? [];
        var declaration = Array.FindIndex(source, line => line.Contains($" {method}(", StringComparison.Ordinal));
        var first = declaration;
        while (first > 0 && source[first - 1].Trim() is ['/' or '[', ..])
            first--;
        return declaration < 0
            ? ""
            : string.Join(' ', source[first..declaration].Select(static line => line.Trim().TrimStart('/').Trim()));
    }

    private static string[]? SourceOf(string project, string fixture) => TidyTests.SourceFile.All()
        .FirstOrDefault(file => file.RelativePath.StartsWith(project, StringComparison.Ordinal)
            && Path.GetFileNameWithoutExtension(file.RelativePath) == fixture)
        ?.Lines;

    private static (string Fixture, string Method) Parts(string test) =>
        test.Split('.') is [var fixture, var method] ? (fixture, method) : (test, "");
}
