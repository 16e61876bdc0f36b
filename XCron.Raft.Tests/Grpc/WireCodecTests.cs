using Google.Protobuf;
using XCron.Raft.Core;
using XCron.Raft.Grpc;
using XCron.Raft.Grpc.Wire;
using XCron.Raft.Tests.Core;

namespace XCron.Raft.Tests.Grpc;

/// <summary>
/// Messages on the wire, also between versions: what a peer does not say has a default, and what it says besides is
/// passed over.
/// </summary>
internal sealed class WireCodecTests
{
    private const int UnknownField = 40;

    private static readonly (NodeId From, NodeId To, Term Term) Way = (new NodeId(7), new NodeId(8), new Term(9));

    private static readonly Message[] Messages =
    [
        new Message.VoteRequest
        {
            From = Way.From, To = Way.To, Term = Way.Term, PreVote = true, LastIndex = Make.At(5),
            LastTerm = new Term(4), Transfer = true,
        },
        new Message.VoteResponse { From = Way.From, To = Way.To, Term = Way.Term, PreVote = true, Granted = true },
        new Message.AppendRequest
        {
            From = Way.From, To = Way.To, Term = Way.Term, PrevIndex = Make.At(2), PrevTerm = new Term(1),
            Commit = Make.At(3),
            Entries = [Make.Command(3, 4), new LogEntry(Make.At(4), new Term(9), EntryKind.NoOp, default)],
        },
        new Message.AppendResponse
        {
            From = Way.From, To = Way.To, Term = Way.Term, Accepted = true, Match = Make.At(4),
            RejectedPrev = Make.At(3), ConflictTerm = new Term(2), ConflictIndex = Make.At(1),
        },
        new Message.Heartbeat
        {
            From = Way.From, To = Way.To, Term = Way.Term, Commit = Make.At(3), Round = 6, SentMs = 8,
        },
        new Message.HeartbeatResponse
        {
            From = Way.From, To = Way.To, Term = Way.Term, Round = 6, LastIndex = Make.At(5), Commit = Make.At(4),
            Disk = DiskHealth.Stalled, SentMs = 8, PromiseMs = 9, IsHeldUp = true,
        },
        new Message.ReadIndexRequest { From = Way.From, To = Way.To, Term = Way.Term, ReadId = long.MaxValue },
        new Message.ReadIndexResponse
        {
            From = Way.From, To = Way.To, Term = Way.Term, ReadId = 5, Accepted = true, Index = Make.At(3),
        },
        new Message.SnapshotOffer
        {
            From = Way.From, To = Way.To, Term = Way.Term, Index = Make.At(5), EntryTerm = new Term(4),
        },
        new Message.TimeoutNow { From = Way.From, To = Way.To, Term = Way.Term, LastIndex = Make.At(5) },
    ];

    [TestCaseSource(nameof(Messages))]
    public void A_message_arrives_as_it_was_sent(object sent)
    {
        var bytes = Encode((Message)sent);

        var arrived = WireCodec.Decode(Envelope.Parser.ParseFrom(bytes));

        if (sent is Message.AppendRequest append)
        {
            var entries = ((Message.AppendRequest)arrived!).Entries;
            Assert.That(entries, Is.EqualTo(append.Entries).Using<LogEntry>(Make.IsSame));
            arrived = (Message.AppendRequest)arrived with { Entries = append.Entries };
        }

        Assert.That(arrived, Is.EqualTo(sent));
    }

    [Test]
    public void Every_kind_of_message_is_tried()
    {
        var kinds = typeof(Message).GetNestedTypes().Where(static type => type.IsSubclassOf(typeof(Message)));

        Assert.That(Messages.Select(static message => message.GetType()), Is.EquivalentTo(kinds));
    }

    [Test]
    public void Every_field_is_tried_with_a_value_that_is_not_its_default()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (var message in Messages)
            {
                foreach (var field in message.GetType().GetProperties())
                {
                    var type = field.PropertyType;
                    var ofNothing = type.IsValueType ? Activator.CreateInstance(type) : null;
                    Assert.That(field.GetValue(message), Is.Not.EqualTo(ofNothing), $"{message} {field.Name}");
                }
            }
        }
    }

    // S66: an older peer knows neither the transfer flag, nor the commit index and disk in a heartbeat's answer.
    [Test]
    public void What_an_older_peer_does_not_say_has_a_default_that_changes_nothing()
    {
        var vote = Decode(new Envelope { VoteRequest = new VoteRequest { LastIndex = 5, LastTerm = 4 } });
        var alive = Decode(new Envelope { HeartbeatResponse = new HeartbeatResponse { Round = 6, LastIndex = 5 } });

        Assert.That(((Message.VoteRequest)vote!).Transfer, Is.False);
        Assert.That(((Message.HeartbeatResponse)alive!).Commit, Is.EqualTo(LogIndex.Zero));
        Assert.That(((Message.HeartbeatResponse)alive).Disk, Is.EqualTo(DiskHealth.Well));
    }

    [Test]
    public void What_a_newer_peer_says_besides_is_passed_over()
    {
        var known = new Heartbeat { Commit = 3, Round = 6 }.ToByteArray();
        byte[] body = [.. known, .. Unknown()];
        byte[] envelope = [.. Field(Envelope.HeartbeatFieldNumber, body), .. Unknown()];

        var message = (Message.Heartbeat)WireCodec.Decode(Envelope.Parser.ParseFrom(envelope))!;

        Assert.That((message.Commit.Value, message.Round), Is.EqualTo((3L, 6L)));
    }

    [Test]
    public void A_message_that_only_a_newer_peer_knows_is_ignored()
    {
        Assert.That(WireCodec.Decode(Envelope.Parser.ParseFrom(Unknown())), Is.Null);
    }

    // An entry whose kind is not known here must not pass for another one.
    [TestCase(3)]
    [TestCase(255)]
    public void Entries_of_a_kind_that_only_a_newer_peer_knows_are_not_taken(byte kind)
    {
        var entries = new LogEntry[]
        {
            Make.Command(2, 1), new(Make.At(3), new Term(1), (EntryKind)kind, default), Make.Command(4, 1),
        };
        var block = new byte[EntryBlock.BytesOf(entries)];
        EntryBlock.Write(entries, block);
        var append = new AppendRequest { PrevIndex = 1, PrevTerm = 1, Entries = ByteString.CopyFrom(block) };

        Assert.That(Decode(new Envelope { AppendRequest = append }), Is.Null);
    }

    private static byte[] Encode(Message message)
    {
        if (message is not Message.AppendRequest append)
            return WireCodec.Encode(message).ToByteArray();

        var batch = new AppendBatch();
        batch.Begin(append);
        var bytes = batch.Encode().ToByteArray();
        batch.Return();
        return bytes;
    }

    private static Message? Decode(Envelope envelope) =>
        WireCodec.Decode(Envelope.Parser.ParseFrom(envelope.ToByteArray()));

    private static byte[] Unknown() => Field(UnknownField, [1, 2, 3]);

    private static byte[] Field(int number, byte[] content)
    {
        using var stream = new MemoryStream();
        using var output = new CodedOutputStream(stream);
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(content));
        output.Flush();
        return stream.ToArray();
    }
}
