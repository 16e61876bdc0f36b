using System.Buffers.Binary;
using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Proposes and reads as clients do, and holds every outcome against what happened: applied means kept for ever and
/// seen by every later read, rejected means never applied, and nothing is applied twice.
/// </summary>
internal sealed class ClientOracle(Random random)
{
    private readonly List<Asked> _asked = [];
    private readonly List<Reading> _reading = [];
    private readonly HashSet<long> _acknowledged = [];
    private readonly HashSet<long> _rejected = [];
    private long _lastCommand;

    public int Acknowledged => _acknowledged.Count;

    public int Unknown { get; private set; }

    public int ReadsServed { get; private set; }

    public void Propose(SimulatedNode node)
    {
        if (node.Process is not { } process || _asked.Count > 200)
            return;

        var command = ++_lastCommand;
        var payload = new byte[8 + random.Next(60)];
        BinaryPrimitives.WriteInt64LittleEndian(payload, command);
        var proposal = process.Proposals.Rent();
        proposal.Begin(payload, process.Clock.NowMs);
        Assert.That(process.Loop.TryPost(proposal), "the loop takes proposals");
        _asked.Add(new Asked(command, node, node.Lives, proposal.Outcome));
    }

    public void Read(SimulatedNode node)
    {
        if (node.Process is not { } process || _reading.Count > 50)
            return;

        var done = process.Parts.Reads.Join(out var isNew);
        if (isNew)
            process.Loop.TryPost(new NodeInput.ReadsWaiting());
        _reading.Add(new Reading(node, node.Lives, [.. _acknowledged], done));
    }

    /// <summary>Collects what has ended since the last call.</summary>
    public void Collect()
    {
        for (var i = _asked.Count - 1; i >= 0; i--)
        {
            if (_asked[i].Outcome.IsCompleted)
                Note(_asked[i].Command, _asked[i].Outcome.Result);
            else if (_asked[i].Node.Lives == _asked[i].Life && _asked[i].Node.Process is not null)
                continue;
            else
                Unknown++;

            _asked.RemoveAt(i);
        }

        for (var i = _reading.Count - 1; i >= 0; i--)
        {
            var reading = _reading[i];
            var isAlive = reading.Node.Lives == reading.Life && reading.Node.Process is not null;
            if (isAlive && !reading.Done.IsCompleted)
                continue;
            if (isAlive && reading.Done.IsCompletedSuccessfully && new ValueTask<bool>(reading.Done).Result)
                CheckRead(reading);
            _reading.RemoveAt(i);
        }
    }

    /// <summary>Every node's final state against every outcome.</summary>
    public void CheckFinal(SimulatedNode node)
    {
        var commands = node.Machine.Commands;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(commands, Is.Unique, $"applied at most once on {node.Id}");
            Assert.That(_acknowledged.Except(commands), Is.Empty, $"acknowledged and lost on {node.Id}");
            Assert.That(_rejected.Intersect(commands), Is.Empty, $"rejected and yet applied on {node.Id}");
        }
    }

    private void Note(long command, ProposeOutcome outcome)
    {
        switch (outcome)
        {
            case ProposeOutcome.Applied applied:
                Assert.That(applied.Result.Code, Is.EqualTo(command), "the result belongs to the command");
                _acknowledged.Add(command);
                break;
            case ProposeOutcome.Rejected:
                _rejected.Add(command);
                break;
            default:
                Unknown++;
                break;
        }
    }

    private void CheckRead(Reading reading)
    {
        ReadsServed++;
        Assert.That(
            reading.AcknowledgedBefore.Except(reading.Node.Machine.Commands),
            Is.Empty,
            $"a read on {reading.Node.Id} missed a write acknowledged before it began");
    }

    private sealed record Asked(long Command, SimulatedNode Node, int Life, ValueTask<ProposeOutcome> Outcome);

    private sealed record Reading(SimulatedNode Node, int Life, long[] AcknowledgedBefore, Task<bool> Done);
}
