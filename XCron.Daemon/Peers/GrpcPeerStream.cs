using Grpc.Core;

namespace XCron.Daemon.Peers;

/// <summary>A gRPC duplex call as a peer stream: all its ways to fail are one.</summary>
internal sealed class GrpcPeerStream<TSent, TReceived>(
    string address, AsyncDuplexStreamingCall<TSent, TReceived> call) : IPeerStream<TSent, TReceived>
    where TReceived : class
{
    public async Task WriteAsync(TSent message, CancellationToken cancellationToken)
    {
        try
        {
            await call.RequestStream.WriteAsync(message, cancellationToken);
        }
        catch (RpcException failure)
        {
            throw GrpcPeerStream.Translate(address, failure);
        }
        catch (InvalidOperationException failure)
        {
            // The client's way to say that the call is over already.
            throw new PeerCallException($"{address}: the stream has ended.", refused: false, failure);
        }
        catch (Exception failure) when (GrpcPeerStream.IsBroken(failure))
        {
            throw GrpcPeerStream.Translate(address, failure);
        }
    }

    public async Task<TReceived?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await call.ResponseStream.MoveNext(cancellationToken) ? call.ResponseStream.Current : null;
        }
        catch (RpcException failure)
        {
            throw GrpcPeerStream.Translate(address, failure);
        }
        catch (Exception failure) when (GrpcPeerStream.IsBroken(failure))
        {
            throw GrpcPeerStream.Translate(address, failure);
        }
    }

    public void Dispose() => call.Dispose();
}

/// <summary>What is the same for all streams.</summary>
internal static class GrpcPeerStream
{
    /// <summary>
    /// A connection that breaks beneath a write under way shows as what the HTTP client throws, not as an RpcException.
    /// </summary>
    public static bool IsBroken(Exception failure) => failure is IOException or HttpRequestException;

    public static PeerCallException Translate(string address, Exception failure) =>
        new($"{address}: {failure.Message}", refused: false, failure);

    public static PeerCallException Translate(string address, RpcException failure) => new(
        $"{address}: {failure.Status.Detail}",
        failure.StatusCode is StatusCode.PermissionDenied or StatusCode.Unauthenticated,
        failure);
}
