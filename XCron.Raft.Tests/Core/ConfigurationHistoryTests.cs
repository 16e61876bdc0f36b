using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>Raft §6: "a server always uses the latest configuration in its log, regardless of whether the entry is
/// committed."</summary>
internal sealed class ConfigurationHistoryTests
{
    [Test]
    public void The_last_configuration_of_the_log_is_in_force_whatever_was_truncated([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        var log = new List<LogEntry> { Make.Configuration(1, 1, Make.Cluster(1)) };
        var history = new ConfigurationHistory(new RecoveredState(default, null, log, Make.At(1)));
        var committed = 1;
        for (var step = 0; step < 300; step++)
        {
            switch (random.Next(5))
            {
                case < 3:
                    var index = log.Count + 1;
                    log.Add(random.Next(3) == 0
                        ? Make.Configuration(index, 1, Make.Cluster(random.Next(1, 6)))
                        : Make.Command(index, 1));
                    history.Appended(log[^1]);
                    break;
                case 3 when log.Count > committed:
                    var from = random.Next(committed, log.Count);
                    log.RemoveRange(from, log.Count - from);
                    history.TruncatedFrom(Make.At(from + 1));
                    break;
                default:
                    committed = random.Next(committed, log.Count + 1);
                    history.Committed(Make.At(committed));
                    break;
            }

            var last = log.Last(entry => entry.Kind == EntryKind.Configuration);
            Assert.That(history.CurrentIndex, Is.EqualTo(last.Index), $"seed {seed} step {step}");
            Assert.That(history.Current.Encode(), Is.EqualTo(last.Payload.ToArray()), $"seed {seed} step {step}");
        }
    }

    // S38: truncation rolls back to the previous configuration, also where that one is only in the snapshot.
    [Test]
    public void Truncation_rolls_back_across_the_snapshots_edge()
    {
        var mark = new SnapshotMark(Make.At(10), new Term(2), Make.Cluster(3), Make.At(4));
        var history = new ConfigurationHistory(new RecoveredState(default, mark, [], Make.At(10)));

        history.Appended(Make.Configuration(11, 2, Make.Cluster(5)));
        history.TruncatedFrom(Make.At(11));

        Assert.That(history.CurrentIndex, Is.EqualTo(Make.At(4)));
        Assert.That(history.Current.Voters, Has.Length.EqualTo(3));
    }

    [Test]
    public void A_log_without_any_configuration_breaks_an_invariant() => Assert.That(
        () => new ConfigurationHistory(new RecoveredState(default, null, [Make.Command(1, 1)], LogIndex.Zero)),
        Throws.TypeOf<InvariantException>());
}
