using XCron.Raft.Core;
using XCron.Raft.Tests.Core;

namespace XCron.Raft.Tests.Golden;

/// <summary>Carries out a scenario's commands. README.md lists them.</summary>
internal sealed class Interpreter
{
    private const int MaxCampaigns = 4;

    private readonly Transcript _transcript = new();
    private readonly Dictionary<int, RecoveredDisk> _disks = [];
    private readonly Dictionary<(int Node, long Index), (SnapshotMark Mark, LogEntry[] State)> _snapshots = [];
    private readonly Dictionary<string, Action<Words>> _commands;
    private CoreOptions _options = new() { Self = Make.Id(1) };
    private GoldenCluster? _cluster;

    public Interpreter() => _commands = new Dictionary<string, Action<Words>>
    {
        ["options"] = Options,
        ["disk"] = Disk,
        ["cluster"] = Form,
        ["quietly"] = Quietly,
        ["expect"] = words => new Expectations(Cluster).Check(words),
        ["campaign"] = Campaign,
        ["elect"] = Elect,
        ["tick"] = words => On(words, static node => node.Tick()),
        ["wait"] = Wait,
        ["run"] = Run,
        ["deliver"] = Deliver,
        ["drop"] = words => Select(words, Cluster.Network.Take),
        ["keep"] = words => Cluster.Network.Keep(Select(words, Cluster.Network.Take)),
        ["copy"] = words => Cluster.Network.Keep(Select(words, Cluster.Network.Matching)),
        ["return"] = words => Select(words, Cluster.Network.Return),
        ["cut"] = Cut,
        ["isolate"] = Isolate,
        ["heal"] = _ => Cluster.Network.Heal(),
        ["propose"] = Propose,
        ["read"] = Read,
        ["change"] = Change,
        ["transfer"] = Transfer,
        ["hold"] = words => Hold(words, isHeld: true),
        ["free"] = words => Hold(words, isHeld: false),
        ["health"] = words => On(
            words, node => node.HearOfDisk(Enum.Parse<DiskHealth>(words.Next(), ignoreCase: true))),
        ["flush"] = words => On(words, node => node.Flush(words.IsOver ? int.MaxValue : words.Number())),
        ["apply"] = words => On(words, static node => node.Apply()),
        ["load"] = words => On(words, static node => node.Load()),
        ["snapshot"] = Snapshot,
        ["pull"] = Pull,
        ["fail"] = FailPull,
        ["crash"] = Crash,
        ["start"] = words => On(words, static node => node.Start(), mustBeUp: false),
        ["restart"] = words => On(words, static node => node.Restart()),
        ["status"] = Status,
        ["logs"] = Logs,
        ["progress"] = Progress,
        ["network"] = words => Select(words, Cluster.Network.Matching, isTold: true),
    };

    private GoldenCluster Cluster =>
        _cluster ?? throw new FormatException("A scenario begins with 'cluster', after 'options' and 'disk'.");

    /// <returns>What the command made the cluster do.</returns>
    public IReadOnlyList<string> Run(string command)
    {
        Execute(new Words(command));
        return _transcript.Take();
    }

    private void Execute(Words words)
    {
        var name = words.Next();
        if (!_commands.TryGetValue(name, out var run))
            throw new FormatException($"There is no command '{name}'.");

        run(words);
        words.End();
    }

    private void Options(Words words)
    {
        while (!words.IsOver)
        {
            var (name, number) = (words.Next(), words.Number());
            _options = name switch
            {
                "inflight-appends" => _options with { MaxInflightAppends = number },
                "append-entries" => _options with { MaxAppendEntries = number },
                "uncommitted-bytes" => _options with { MaxUncommittedBytes = number },
                "cached-bytes" => _options with { CachedLogBytes = number },
                "promotion-lag" => _options with { MaxPromotionLag = number },
                _ => throw new FormatException($"There is no option '{name}'."),
            };
        }
    }

    private void Disk(Words words)
    {
        var node = words.Number();
        words.Must("log");
        long[] terms = [.. words.Numbers().Select(static term => (long)term)];
        long? term = words.Take("term") ? words.Number() : null;
        var vote = words.Take("vote") ? words.Number() : 0;
        var commit = words.Take("commit") ? words.Number() : 1;
        _disks.Add(node, new RecoveredDisk(terms, term, vote, commit));
    }

    private void Form(Words words)
    {
        var voters = words.Number();
        var learners = words.Take("learners") ? words.Number() : 0;
        var joiners = words.Take("joiners") ? words.Number() : 0;
        var initial = Make.Cluster(voters, learners);
        var joining = new RecoveredState(default, null, [], LogIndex.Zero) { Told = initial };
        var nodes = Enumerable.Range(1, voters + learners + joiners).Select(number => new CoreNode(
            number,
            number > voters + learners ? joining
            : _disks.TryGetValue(number, out var disk)
                ? Make.State(initial, disk.Terms, disk.Term, disk.Vote, disk.Commit)
                : Make.State(initial, [1]),
            _options));
        _cluster = new GoldenCluster(nodes, _transcript);
    }

    private void Quietly(Words words)
    {
        _transcript.IsQuiet = true;
        Execute(words);
        _transcript.IsQuiet = false;
    }

    private void On(Words words, Action<CoreNode> input, bool mustBeUp = true)
    {
        var number = words.Number();
        Cluster.Do(mustBeUp ? Cluster.Up(number) : Cluster.Node(number), input);
    }

    /// <summary>So much time passes that any wait is over, but only this node notices.</summary>
    private void Campaign(Words words)
    {
        Cluster.Pass(2 * _options.ElectionTimeoutMs);
        On(words, static node => node.Tick());
    }

    /// <summary>
    /// The same until it is elected: where it still led an older term, or others are of a later one, the first times
    /// teach it that. Told is only who becomes what. Either all is delivered, or, by some, nothing but
    /// their votes: what the new leader says first is still on its way.
    /// </summary>
    private void Elect(Words words)
    {
        var node = Cluster.Up(words.Number());
        int[]? voters = words.Take("by") ? words.Numbers() : null;
        _transcript.IsQuiet = true;
        var term = node.IsLeader ? node.Term + 1 : node.Term;
        for (var i = 0; i < MaxCampaigns && !(node.IsLeader && node.Term >= term); i++)
        {
            Cluster.Pass(2 * _options.ElectionTimeoutMs);
            Cluster.Do(node, static node => node.Tick());
            if (voters is null)
                Cluster.DeliverAll();
            else
                Cluster.DeliverVotes(node.Number, voters);
        }

        if (voters is null)
        {
            Cluster.Do(node, static node => node.Tick());
            Cluster.DeliverAll();
        }

        _transcript.IsQuiet = false;
        Assert.That(node.IsLeader, $"{node.Number} is elected");
    }

    private void Wait(Words words)
    {
        Cluster.Pass(words.Number());
        if (words.Take("only"))
            On(words, static node => node.Tick());
        else
            Cluster.TickAll();
    }

    private void Run(Words words)
    {
        if (!words.Take("until"))
        {
            Cluster.Run(words.Number());
            return;
        }

        var node = Cluster.Up(words.Number());
        words.Must("campaigns");
        Cluster.RunUntilCampaignOf(node);
    }

    private void Deliver(Words words)
    {
        if (words.IsOver)
        {
            Cluster.DeliverAll();
            return;
        }

        foreach (var message in Select(words, Cluster.Network.Take))
            Cluster.Deliver(message);
    }

    /// <summary>A command that means some messages must find one: else the story has changed under it.</summary>
    private Message[] Select(
        Words words, Func<GoldenNetwork.Selection, Message[]> choose, bool isTold = false)
    {
        var selection = GoldenNetwork.Selection.Read(words);
        var chosen = choose(selection);
        if (chosen.Length == 0)
            throw new FormatException($"No such message is on its way: {selection}.");

        foreach (var message in isTold ? chosen : [])
            Cluster.Tell(message);
        return chosen;
    }

    private void Cut(Words words)
    {
        var from = words.Number();
        var isOneWay = words.Take("to");
        var to = words.Number();
        Cluster.Network.Cut(from, to);
        if (!isOneWay)
            Cluster.Network.Cut(to, from);
    }

    private void Isolate(Words words)
    {
        var number = words.Number();
        foreach (var other in Cluster.Nodes.Where(node => node.Number != number))
        {
            Cluster.Network.Cut(number, other.Number);
            Cluster.Network.Cut(other.Number, number);
        }
    }

    private void Propose(Words words)
    {
        var node = Cluster.Up(words.Number());
        var bytes = words.Take("of") ? words.Number() : 8;
        words.Take("bytes");
        var times = words.IsOver ? 1 : words.Number();
        words.Take("times");
        for (; times > 0; times--)
            Cluster.Ask(node, leader => leader.Propose(bytes) is { Accepted: false } no ? no.Reason : null);
    }

    private void Read(Words words)
    {
        var node = Cluster.Up(words.Number());
        words.Must("as");
        var readId = words.Number();
        Cluster.Do(node, reader => reader.Read(readId));
    }

    private void Change(Words words)
    {
        var node = Cluster.Up(words.Number());
        var edit = ReadEdit(words);
        LogIndex? expected = words.Take("expecting") ? Make.At(words.Number()) : null;
        Cluster.Ask(node, leader => leader.Change(edit, expected) is { Accepted: false } no ? no.Reason : null);
    }

    private static MemberEdit ReadEdit(Words words)
    {
        switch (words.Next())
        {
            case "add":
                return new MemberEdit.AddLearner(MemberCluster.MemberOf(words.Number(), Suffrage.Learner));
            case "promote":
                return new MemberEdit.Promote(Make.Id(words.Number()));
            case "remove":
                return new MemberEdit.Remove(Make.Id(words.Number()));
            case "replace":
                var old = words.Number();
                words.Must("with");
                return new MemberEdit.Replace(Make.Id(old), MemberCluster.MemberOf(words.Number()));
            case "become":
                var voters = words.Numbers();
                return new MemberEdit.Become(
                    MemberCluster.MembersOf(voters, words.Take("learners") ? words.Numbers() : []));
            case var other:
                throw new FormatException($"Members are not changed by '{other}'.");
        }
    }

    private void Transfer(Words words)
    {
        var node = Cluster.Up(words.Number());
        var target = words.Take("to") ? words.Number() : 0;
        Cluster.Ask(node, leader => leader.Transfer(target));
    }

    private void Hold(Words words, bool isHeld)
    {
        var what = words.Next();
        var node = Cluster.Node(words.Number());
        switch (what)
        {
            case "disk":
                node.HoldsDisk = isHeld;
                break;
            case "machine":
                node.HoldsApplies = isHeld;
                break;
            case "loads":
                node.HoldsLoads = isHeld;
                break;
            default:
                throw new FormatException($"'{what}' cannot be held.");
        }

        if (node.IsUp)
            Cluster.Do(node, static node => node.Pump());
    }

    private void Snapshot(Words words)
    {
        var node = Cluster.Up(words.Number());
        long? keepFrom = words.Take("keeping", "from") ? words.Number() : null;
        Cluster.Do(node, taker =>
        {
            var mark = taker.TakeSnapshot(keepFrom);
            _snapshots[(taker.Number, mark.Index.Value)] = (mark, taker.Disk.SnapshotState);
            _transcript.Tell($"{taker.Number} has snapshot {mark.Index}/{mark.Term}, log from "
                + $"{taker.Core.Log.View.FirstIndex}");
        });
    }

    private void Pull(Words words) => On(words, node =>
    {
        var wanted = node.Installs[^1];
        var (mark, state) = _snapshots[((int)wanted.Leader.Value, wanted.Index.Value)];
        _transcript.Tell($"{node.Number} has pulled snapshot {mark.Index}/{mark.Term}");
        node.Install(mark, state);
    });

    private void FailPull(Words words)
    {
        words.Must("pull");
        On(words, static node => node.FailInstall(node.Installs[^1].Index.Value));
    }

    private void Crash(Words words)
    {
        var node = Cluster.Up(words.Number());
        var madeIt = words.Take("after", "writing") ? words.Number() : 0;
        node.Crash(madeIt);
    }

    private void Status(Words words)
    {
        foreach (var node in Chosen(words))
        {
            var (core, log) = (node.Core, node.Core.Log);
            var leader = core.Leader == NodeId.None ? "nobody" : $"{core.Leader.Value}";
            _transcript.Tell(node.IsUp
                ? $"{node.Number}: {GoldenCluster.Role(node.Kind)}, term {core.Term}, vote {core.Vote.Value}, "
                    + $"leader {leader}, last {log.LastIndex}, on disk {log.Durable}, commit {log.Commit}, "
                    + $"members {Telling.Of(core.Membership)}"
                : $"{node.Number}: down");
        }
    }

    private void Logs(Words words)
    {
        foreach (var node in Chosen(words))
        {
            var view = node.Core.Log.View;
            var before = view.Base > LogIndex.Zero ? $"(up to {view.Base}/{view.TermAt(view.Base)}) " : "";
            _transcript.Tell($"{node.Number}: {before}{string.Join(' ', node.Terms)}, commit {node.Commit}");
        }
    }

    private void Progress(Words words)
    {
        foreach (var peer in Cluster.Up(words.Number()).Core.Peers.OrderBy(peer => peer.Id))
        {
            var window = peer.IsWindowFull(_options) ? ", window full" : "";
            var state = Expectations.State(peer);
            _transcript.Tell($"{peer.Id.Value}: {state}, match {peer.Match}, next {peer.Next}{window}");
        }
    }

    private IEnumerable<CoreNode> Chosen(Words words) => words.Numbers() is { Length: > 0 } numbers
        ? numbers.Select(Cluster.Node)
        : Cluster.Nodes;

    private sealed record RecoveredDisk(long[] Terms, long? Term, int Vote, long Commit);
}
