namespace XCron.Daemon.Commands;

/// <summary>
/// The encoded TaskCommand that creates tasks: written in one copy, and read in place. The layout is that of
/// tasks.proto; the generated classes read and write the same bytes.
/// </summary>
internal readonly ref struct CreateCommand
{
    private const uint CommandTag = (1 << 3) | WireTag.Bytes;
    private const uint TaskTag = (1 << 3) | WireTag.Bytes;
    private const uint ProposerTag = (2 << 3) | WireTag.Fixed64;
    private const uint IdTag = (1 << 3) | WireTag.Varint;
    private const uint CreateTimeTag = (2 << 3) | WireTag.Varint;
    private const uint FirstDueTag = (3 << 3) | WireTag.Varint;
    private const uint DefinitionTag = (4 << 3) | WireTag.Bytes;
    private const uint FirstDelayTag = (5 << 3) | WireTag.Varint;

    private const int ProposerBytes = 1 + sizeof(ulong);

    private readonly ReadOnlySpan<byte> _body;

    /// <summary>Checks the whole command, so that none of it is applied where a part cannot be read.</summary>
    /// <exception cref="InvalidDataException">Damaged, or of a newer version.</exception>
    public CreateCommand(ReadOnlySpan<byte> command)
    {
        var outer = new WireReader(command);
        if (outer.ReadTag() != CommandTag)
            throw new InvalidDataException("The command is not the one that creates tasks.");

        _body = outer.ReadBytes();
        if (!outer.AtEnd)
            throw new InvalidDataException("A second command follows the one that creates tasks.");

        var reader = new WireReader(_body);
        while (!reader.AtEnd)
        {
            switch (reader.ReadTag())
            {
                case TaskTag:
                    ReadTask(reader.ReadBytes());
                    Count++;
                    break;
                case ProposerTag:
                    Proposer = reader.ReadFixed64();
                    break;
                case var tag:
                    throw Unknown(tag);
            }
        }
    }

    public int Count { get; }

    /// <summary>The incarnation of the session that chose the ids.</summary>
    public ulong Proposer { get; }

    /// <summary>Whether this is the command that creates tasks.</summary>
    public static bool Is(ReadOnlySpan<byte> command) => !command.IsEmpty && command[0] == CommandTag;

    public static byte[] Encode(OwnerSession proposer, ReadOnlySpan<NewTask> tasks)
    {
        var bodyBytes = proposer.IsNone ? 0 : ProposerBytes;
        foreach (ref readonly var task in tasks)
            bodyBytes = checked(bodyBytes + WireWriter.SizeOfBytes(SizeOf(in task)));

        var command = new byte[WireWriter.SizeOfBytes(bodyBytes)];
        var writer = new WireWriter(command);
        writer.WriteLength(1, bodyBytes);
        foreach (ref readonly var task in tasks)
        {
            writer.WriteLength(1, SizeOf(in task));
            writer.WriteNumber(1, (ulong)task.Id.Value);
            writer.WriteNumber(2, (ulong)task.CreateTimeMs);
            writer.WriteNumber(3, (ulong)task.FirstDueMs);
            if (!task.Definition.IsEmpty)
                writer.WriteBytes(4, task.Definition.Span);
            writer.WriteNumber(5, (ulong)task.FirstDelayMs);
        }

        if (!proposer.IsNone)
            writer.WriteFixed64(2, proposer.Incarnation);
        return command;
    }

    public Enumerator GetEnumerator() => new(_body);

    private static int SizeOf(in NewTask task) =>
        WireWriter.SizeOfNumber((ulong)task.Id.Value)
        + WireWriter.SizeOfNumber((ulong)task.CreateTimeMs)
        + WireWriter.SizeOfNumber((ulong)task.FirstDueMs)
        + (task.Definition.IsEmpty ? 0 : WireWriter.SizeOfBytes(task.Definition.Length))
        + WireWriter.SizeOfNumber((ulong)task.FirstDelayMs);

    private static CreateEntry ReadTask(ReadOnlySpan<byte> task)
    {
        var entry = default(CreateEntry);
        var reader = new WireReader(task);
        while (!reader.AtEnd)
        {
            switch (reader.ReadTag())
            {
                case IdTag:
                    entry.Id = new TaskId((long)reader.ReadVarint());
                    break;
                case CreateTimeTag:
                    entry.CreateTimeMs = (long)reader.ReadVarint();
                    break;
                case FirstDueTag:
                    entry.FirstDueMs = (long)reader.ReadVarint();
                    break;
                case DefinitionTag:
                    entry.Definition = reader.ReadBytes();
                    break;
                case FirstDelayTag:
                    entry.FirstDelayMs = (long)reader.ReadVarint();
                    break;
                case var tag:
                    throw Unknown(tag);
            }
        }

        return entry;
    }

    // As in StrictParser: what a newer version says must not be passed over, or this replica becomes another.
    private static InvalidDataException Unknown(uint tag) =>
        new($"Field {tag >> 3} of the command that creates tasks is not known to this version.");

    internal ref struct Enumerator(ReadOnlySpan<byte> body)
    {
        private WireReader _reader = new(body);

        public CreateEntry Current { get; private set; }

        public bool MoveNext()
        {
            while (!_reader.AtEnd)
            {
                var tag = _reader.ReadTag();
                if (tag == TaskTag)
                {
                    Current = ReadTask(_reader.ReadBytes());
                    return true;
                }

                _reader.Skip(tag);
            }

            return false;
        }
    }
}
