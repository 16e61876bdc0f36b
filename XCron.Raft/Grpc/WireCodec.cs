using System.Diagnostics;
using XCron.Raft.Core;
using XCron.Raft.Grpc.Wire;

namespace XCron.Raft.Grpc;

/// <summary>
/// Between the core's messages and their wire form. Appends are written by <see cref="AppendBatch"/>, all that wait at
/// once, and read here.
/// </summary>
internal static class WireCodec
{
    public static Envelope Encode(Message message)
    {
        var envelope = new Envelope { From = message.From.Value, To = message.To.Value, Term = message.Term.Value };
        switch (message)
        {
            case Message.AppendResponse response:
                envelope.AppendResponse = new AppendResponse
                {
                    Accepted = response.Accepted,
                    MatchIndex = response.Match.Value,
                    RejectedPrev = response.RejectedPrev.Value,
                    ConflictTerm = response.ConflictTerm.Value,
                    ConflictIndex = response.ConflictIndex.Value,
                };
                break;
            case Message.Heartbeat heartbeat:
                envelope.Heartbeat = new Heartbeat
                {
                    Commit = heartbeat.Commit.Value, Round = heartbeat.Round, SentMs = heartbeat.SentMs,
                };
                break;
            case Message.HeartbeatResponse response:
                envelope.HeartbeatResponse =
                    new HeartbeatResponse
                    {
                        Round = response.Round,
                        LastIndex = response.LastIndex.Value,
                        Commit = response.Commit.Value,
                        Disk = (uint)response.Disk,
                        SentMs = response.SentMs,
                        PromiseMs = response.PromiseMs,
                        HeldUp = response.IsHeldUp,
                    };
                break;
            case Message.VoteRequest request:
                envelope.VoteRequest = new VoteRequest
                {
                    PreVote = request.PreVote,
                    LastIndex = request.LastIndex.Value,
                    LastTerm = request.LastTerm.Value,
                    Transfer = request.Transfer,
                };
                break;
            case Message.VoteResponse response:
                envelope.VoteResponse = new VoteResponse { PreVote = response.PreVote, Granted = response.Granted };
                break;
            case Message.ReadIndexRequest request:
                envelope.ReadIndexRequest = new ReadIndexRequest { ReadId = request.ReadId };
                break;
            case Message.ReadIndexResponse response:
                envelope.ReadIndexResponse = new ReadIndexResponse
                {
                    ReadId = response.ReadId,
                    Accepted = response.Accepted,
                    Index = response.Index.Value,
                };
                break;
            case Message.SnapshotOffer offer:
                envelope.SnapshotOffer =
                    new SnapshotOffer { Index = offer.Index.Value, EntryTerm = offer.EntryTerm.Value };
                break;
            case Message.TimeoutNow order:
                envelope.TimeoutNow = new TimeoutNow { LastIndex = order.LastIndex.Value };
                break;
            default:
                throw new UnreachableException(message.GetType().Name);
        }

        return envelope;
    }

    /// <summary>
    /// Null for a message that this version does not know, or entries of a kind that it does not know: a newer peer's,
    /// safely ignored, as if it were lost.
    /// </summary>
    public static Message? Decode(Envelope envelope)
    {
        var from = new NodeId(envelope.From);
        var to = new NodeId(envelope.To);
        var term = new Term(envelope.Term);
        return envelope.BodyCase switch
        {
            Envelope.BodyOneofCase.AppendRequest => DecodeAppend(envelope.AppendRequest, from, to, term),
            Envelope.BodyOneofCase.AppendResponse when envelope.AppendResponse is var body =>
                new Message.AppendResponse
                {
                    From = from,
                    To = to,
                    Term = term,
                    Accepted = body.Accepted,
                    Match = new LogIndex(body.MatchIndex),
                    RejectedPrev = new LogIndex(body.RejectedPrev),
                    ConflictTerm = new Term(body.ConflictTerm),
                    ConflictIndex = new LogIndex(body.ConflictIndex),
                },
            Envelope.BodyOneofCase.Heartbeat when envelope.Heartbeat is var body =>
                new Message.Heartbeat
                {
                    From = from,
                    To = to,
                    Term = term,
                    Commit = new LogIndex(body.Commit),
                    Round = body.Round,
                    SentMs = body.SentMs,
                },
            Envelope.BodyOneofCase.HeartbeatResponse when envelope.HeartbeatResponse is var body =>
                new Message.HeartbeatResponse
                {
                    From = from,
                    To = to,
                    Term = term,
                    Round = body.Round,
                    LastIndex = new LogIndex(body.LastIndex),
                    Commit = new LogIndex(body.Commit),
                    Disk = (DiskHealth)body.Disk,
                    SentMs = body.SentMs,
                    PromiseMs = body.PromiseMs,
                    IsHeldUp = body.HeldUp,
                },
            Envelope.BodyOneofCase.VoteRequest when envelope.VoteRequest is var body =>
                new Message.VoteRequest
                {
                    From = from,
                    To = to,
                    Term = term,
                    PreVote = body.PreVote,
                    LastIndex = new LogIndex(body.LastIndex),
                    LastTerm = new Term(body.LastTerm),
                    Transfer = body.Transfer,
                },
            Envelope.BodyOneofCase.VoteResponse when envelope.VoteResponse is var body =>
                new Message.VoteResponse
                {
                    From = from, To = to, Term = term, PreVote = body.PreVote, Granted = body.Granted,
                },
            Envelope.BodyOneofCase.ReadIndexRequest =>
                new Message.ReadIndexRequest
                {
                    From = from, To = to, Term = term, ReadId = envelope.ReadIndexRequest.ReadId,
                },
            Envelope.BodyOneofCase.ReadIndexResponse when envelope.ReadIndexResponse is var body =>
                new Message.ReadIndexResponse
                {
                    From = from,
                    To = to,
                    Term = term,
                    ReadId = body.ReadId,
                    Accepted = body.Accepted,
                    Index = new LogIndex(body.Index),
                },
            Envelope.BodyOneofCase.SnapshotOffer when envelope.SnapshotOffer is var body =>
                new Message.SnapshotOffer
                {
                    From = from,
                    To = to,
                    Term = term,
                    Index = new LogIndex(body.Index),
                    EntryTerm = new Term(body.EntryTerm),
                },
            Envelope.BodyOneofCase.TimeoutNow =>
                new Message.TimeoutNow
                {
                    From = from, To = to, Term = term, LastIndex = new LogIndex(envelope.TimeoutNow.LastIndex),
                },
            _ => null,
        };
    }

    private static Message.AppendRequest? DecodeAppend(AppendRequest request, NodeId from, NodeId to, Term term)
    {
        var prevIndex = new LogIndex(request.PrevIndex);
        if (EntryBlock.Read(request.Entries.Memory, prevIndex.Next) is not { } entries)
            return null;

        return new Message.AppendRequest
        {
            From = from,
            To = to,
            Term = term,
            PrevIndex = prevIndex,
            PrevTerm = new Term(request.PrevTerm),
            Commit = new LogIndex(request.Commit),
            Entries = entries,
        };
    }
}
