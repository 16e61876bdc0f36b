namespace XCron.Daemon.Commands;

/// <summary>Protobuf's wire types: a field's tag is its number times eight plus one of these.</summary>
internal static class WireTag
{
    public const uint Varint = 0;
    public const uint Fixed64 = 1;
    public const uint Bytes = 2;
    public const uint Fixed32 = 5;
}
