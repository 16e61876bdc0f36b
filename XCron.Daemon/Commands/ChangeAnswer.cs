using Google.Protobuf;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Commands;

/// <summary>Which task was paused, resumed, run or updated.</summary>
/// <param name="Id">The task's.</param>
/// <param name="RunSequence">The run that was opened; 0 where none was asked for.</param>
internal readonly record struct ChangeAnswer(TaskId Id, long RunSequence)
{
    public byte[] Encode() => new TaskChangeResult { TaskId = Id.Value, RunSequence = RunSequence }.ToByteArray();

    /// <summary>Reads the data of an answer with code 0.</summary>
    /// <exception cref="InvalidDataException">The bytes are no TaskChangeResult.</exception>
    public static ChangeAnswer Decode(ReadOnlySpan<byte> encoded)
    {
        try
        {
            var message = TaskChangeResult.Parser.ParseFrom(encoded);
            return new(new TaskId(message.TaskId), message.RunSequence);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidDataException($"No TaskChangeResult: {exception.Message}", exception);
        }
    }
}
