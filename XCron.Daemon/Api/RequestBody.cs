using System.Buffers;
using System.IO.Pipelines;

namespace XCron.Daemon.Api;

/// <summary>A request's whole body in one piece, not copied where the server has it so. Dispose frees it.</summary>
internal readonly struct RequestBody : IDisposable
{
    private readonly PipeReader? _reader;
    private readonly SequencePosition _end;
    private readonly byte[]? _rented;

    private RequestBody(ApiError error) => Error = error;

    private RequestBody(PipeReader reader, in ReadOnlySequence<byte> bytes)
    {
        _reader = reader;
        _end = bytes.End;
        if (bytes.IsSingleSegment)
        {
            Json = bytes.First;
            return;
        }

        var length = (int)bytes.Length;
        _rented = ArrayPool<byte>.Shared.Rent(length);
        bytes.CopyTo(_rented);
        Json = _rented.AsMemory(0, length);
    }

    /// <summary>Valid until the body is disposed.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>Why there is no body, or null.</summary>
    public ApiError? Error { get; }

    public static ValueTask<RequestBody> ReadAsync(HttpRequest request, int maxBytes)
    {
        if (request.ContentLength > maxBytes)
            return ValueTask.FromResult(new RequestBody(TooLarge(maxBytes)));
        var reader = request.BodyReader;
        try
        {
            if (!reader.TryRead(out var read))
                return ReadOnAsync(reader, maxBytes);
            if (read.IsCompleted && read.Buffer.Length <= maxBytes)
                return ValueTask.FromResult(new RequestBody(reader, read.Buffer));
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.Length > maxBytes ? read.Buffer.Start : read.Buffer.End);
        }
        catch (BadHttpRequestException exception)
        {
            return ValueTask.FromResult(new RequestBody(Unreadable(exception, maxBytes)));
        }

        return ReadOnAsync(reader, maxBytes);
    }

    public void Dispose()
    {
        _reader?.AdvanceTo(_end);
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented);
    }

    /// <remarks>Needs no token: the server ends the read when the client is gone or too slow.</remarks>
    private static async ValueTask<RequestBody> ReadOnAsync(PipeReader reader, int maxBytes)
    {
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync();
                if (read.Buffer.Length > maxBytes)
                {
                    reader.AdvanceTo(read.Buffer.End);
                    return new RequestBody(TooLarge(maxBytes));
                }

                if (read.IsCompleted)
                    return new RequestBody(reader, read.Buffer);
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (BadHttpRequestException exception)
        {
            return new RequestBody(Unreadable(exception, maxBytes));
        }
    }

    /// <summary>The server's own limits and what is no HTTP, such as a broken chunk.</summary>
    private static ApiError Unreadable(BadHttpRequestException exception, int maxBytes) =>
        exception.StatusCode == StatusCodes.Status413PayloadTooLarge
            ? TooLarge(maxBytes)
            : ApiError.BadRequest($"the body could not be read: {exception.Message}");

    private static ApiError TooLarge(int maxBytes) =>
        new(ApiCode.TooLarge, $"the request is larger than max_request_bytes ({maxBytes})");
}
