using Google.Protobuf;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Commands;

/// <summary>What was deleted.</summary>
/// <param name="Id">The task's.</param>
/// <param name="Running">An attempt was on its way, and is not recalled.</param>
internal readonly record struct DeleteAnswer(TaskId Id, bool Running)
{
    public byte[] Encode() => new DeleteTaskResult { TaskId = Id.Value, Running = Running }.ToByteArray();

    /// <summary>Reads the data of an answer with code 0.</summary>
    /// <exception cref="InvalidDataException">The bytes are no DeleteTaskResult.</exception>
    public static DeleteAnswer Decode(ReadOnlySpan<byte> encoded)
    {
        try
        {
            var message = DeleteTaskResult.Parser.ParseFrom(encoded);
            return new(new TaskId(message.TaskId), message.Running);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidDataException($"No DeleteTaskResult: {exception.Message}", exception);
        }
    }
}
