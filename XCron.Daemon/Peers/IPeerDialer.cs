using XCron.Proto.Cluster;

namespace XCron.Daemon.Peers;

/// <summary>Calls other daemons. Thread-safe. Every failure of a call is a <see cref="PeerCallException"/>.</summary>
internal interface IPeerDialer
{
    /// <summary>Opening never waits; what is wrong with the peer shows at the first write or read.</summary>
    IPeerStream<ForwardRequest, ForwardReply> OpenForward(string address);

    /// <inheritdoc cref="OpenForward"/>
    IPeerStream<NodeReport, ReportAck> OpenReport(string address);

    Task<IdentifyReply> IdentifyAsync(string address, IdentifyRequest request, CancellationToken cancellationToken);

    Task<MemberReply> ChangeMembersAsync(string address, MemberRequest request, CancellationToken cancellationToken);

    Task<CatchUpReply> CatchUpAsync(string address, CatchUpRequest request, CancellationToken cancellationToken);
}

/// <summary>An open stream to a peer: one writer and one reader at a time. Disposing ends the call.</summary>
internal interface IPeerStream<in TSent, TReceived> : IDisposable
    where TReceived : class
{
    /// <summary>Returns when the message has been handed to the connection, not when it has arrived.</summary>
    Task WriteAsync(TSent message, CancellationToken cancellationToken);

    /// <summary>The next message, or null once the peer has ended the stream in good order.</summary>
    Task<TReceived?> ReadAsync(CancellationToken cancellationToken);
}
