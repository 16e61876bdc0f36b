using Google.Protobuf;

namespace XCron.Daemon.Commands;

/// <summary>
/// Parses what must not be half understood. Protobuf passes over fields it does not know; a replica that passed over
/// what a newer version wrote into the log would from then on differ from the others in silence. Here that is an error.
/// </summary>
internal sealed class StrictParser<T>(MessageParser<T> parser)
    where T : class, IMessage<T>
{
    private readonly MessageParser<T> _parser = parser.WithDiscardUnknownFields(true);

    /// <exception cref="InvalidDataException">
    /// The bytes are damaged, or hold what this version does not know or would not have written so.
    /// </exception>
    public T Parse(ReadOnlySpan<byte> bytes)
    {
        T message;
        try
        {
            message = _parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidDataException($"No {typeof(T).Name}: {exception.Message}", exception);
        }

        // What was dropped is missing from the size: cheaper than looking for it in every nested message.
        var understoodBytes = message.CalculateSize();
        if (understoodBytes != bytes.Length)
        {
            throw new InvalidDataException($"This version understands {understoodBytes} of the {bytes.Length} bytes "
                + $"of a {typeof(T).Name}; a newer version wrote it, or it is damaged.");
        }

        return message;
    }
}
