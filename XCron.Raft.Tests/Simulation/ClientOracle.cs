using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Holds every outcome of a proposal against what happened: applied means kept for ever and seen by every later read,
/// rejected means never applied, and nothing is applied twice.
/// </summary>
internal sealed class ClientOracle(Random random)
{
    private readonly List<Asked> _asked = [];
    private readonly HashSet<long> _acknowledged = [];
    private readonly HashSet<long> _rejected = [];
    private readonly HashSet<long> _unknown = [];
    private LogIndex _acknowledgedUpTo;
    private long _lastId;

    public int Acknowledged => _acknowledged.Count;

    public int Unknown => _unknown.Count;

    /// <summary>Of the commands known to be applied the one furthest in the log; 0: none.</summary>
    public long LastAcknowledged { get; private set; }

    /// <summary>Told of every outcome, of proposals whose clients gave up too.</summary>
    public Action<SimulatedNode, ProposeOutcome> Ended { get; init; } = static (_, _) => { };

    public Asked Propose(SimulatedNode node, NodeAssembly process, Func<long, KeyValueCommand> commandOf)
    {
        var command = commandOf(++_lastId);
        var proposal = process.Proposals.Rent();
        proposal.Begin(command.Encode(padding: random.Next(60)), process.Clock.NowMs);
        Assert.That(process.Loop.TryPost(proposal), "the loop takes proposals");
        var asked = new Asked(command, node, node.Lives, proposal.Outcome);
        _asked.Add(asked);
        return asked;
    }

    /// <summary>Collects what has ended since the last call.</summary>
    public void Collect()
    {
        for (var i = _asked.Count - 1; i >= 0; i--)
        {
            var asked = _asked[i];
            if (asked.IsEnded)
                Note(asked, asked.TakeOutcome());
            else if (asked.Node.IsInLife(asked.Life))
                continue;
            else
                Note(asked, new ProposeOutcome.Unknown());

            _asked.RemoveAt(i);
        }
    }

    /// <summary>Every node's final state against every outcome.</summary>
    /// <returns>How many commands are applied whose clients never knew.</returns>
    public int CheckFinal(SimulatedNode node)
    {
        var machine = node.Machine;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(machine.HasNoDoubles, $"applied at most once on {node.Id}");
            Assert.That(_acknowledged.Where(id => !machine.Holds(id)), Is.Empty, $"acknowledged and lost on {node.Id}");
            Assert.That(_rejected.Where(machine.Holds), Is.Empty, $"rejected and yet applied on {node.Id}");
        }

        return _unknown.Count(machine.Holds);
    }

    private void Note(Asked asked, ProposeOutcome outcome)
    {
        asked.Outcome = outcome;
        Ended(asked.Node, outcome);
        switch (outcome)
        {
            case ProposeOutcome.Applied applied:
                var id = asked.Command.Id;
                Assert.That(applied.Result.Code, Is.EqualTo(id).Or.EqualTo(-id), "the result belongs to the command");
                _acknowledged.Add(id);
                if (applied.Index > _acknowledgedUpTo)
                    (_acknowledgedUpTo, LastAcknowledged) = (applied.Index, id);
                break;
            case ProposeOutcome.Rejected:
                _rejected.Add(asked.Command.Id);
                break;
            default:
                _unknown.Add(asked.Command.Id);
                break;
        }
    }

    /// <summary>A proposal, and how it ended once that is known.</summary>
    internal sealed class Asked(KeyValueCommand command, SimulatedNode node, int life, ValueTask<ProposeOutcome> ending)
    {
        public KeyValueCommand Command => command;

        public SimulatedNode Node => node;

        public int Life => life;

        public ProposeOutcome? Outcome { get; set; }

        public bool IsEnded => ending.IsCompleted;

        /// <summary>Once only: what carries it is used again.</summary>
        public ProposeOutcome TakeOutcome() => ending.Result;
    }
}
