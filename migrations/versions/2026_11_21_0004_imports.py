"""imports

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('data_import',
    sa.Column('region_id', sa.Uuid(), nullable=False),
    sa.Column('region_path', sa.String(length=255, collation='C'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('mode', sa.String(length=20), nullable=False),
    sa.Column('dry_run', sa.Boolean(), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=True),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('file_sha256', sa.String(length=64), nullable=False),
    sa.Column('file_bytes', sa.Integer(), nullable=False),
    sa.Column('same_as', sa.Uuid(), nullable=True),
    sa.Column('may_decide', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('sheet', sa.String(length=100), nullable=True),
    sa.Column('header', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('rows_read', sa.Integer(), nullable=False),
    sa.Column('rows_bad', sa.Integer(), nullable=False),
    sa.Column('created', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('unchanged', sa.Integer(), nullable=False),
    sa.Column('findings', sa.Integer(), nullable=False),
    sa.Column('failure', sa.String(length=100), nullable=True),
    sa.Column('made_by_kind', sa.String(length=20), nullable=False),
    sa.Column('made_by', sa.Uuid(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancel_asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("kind IN ('compounds', 'projects', 'quantities')", name=op.f('ck_data_import_kind')),
    sa.CheckConstraint("mode IN ('all_or_nothing', 'good_rows')", name=op.f('ck_data_import_mode')),
    sa.CheckConstraint("state IN ('queued', 'running', 'done', 'refused', 'cancelled', 'failed')", name=op.f('ck_data_import_state')),
    sa.ForeignKeyConstraint(['region_id'], ['region.id'], name=op.f('fk_data_import_region_id')),
    sa.ForeignKeyConstraint(['same_as'], ['data_import.id'], name=op.f('fk_data_import_same_as')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_data_import'))
    )
    op.create_index('ix_data_import_file', 'data_import', ['file_sha256', 'region_id', 'kind'], unique=False)
    op.create_index('ix_data_import_region_path', 'data_import', ['region_path', 'id'], unique=False)
    op.create_table('import_bad_row',
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.Column('row', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('cells', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['data_import.id'], name=op.f('fk_import_bad_row_import_id')),
    sa.PrimaryKeyConstraint('import_id', 'row', name=op.f('pk_import_bad_row'))
    )
    op.create_table('import_file',
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['data_import.id'], name=op.f('fk_import_file_import_id')),
    sa.PrimaryKeyConstraint('import_id', name=op.f('pk_import_file'))
    )
    op.create_table('import_finding',
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('row', sa.Integer(), nullable=False),
    sa.Column('column', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=50), nullable=False),
    sa.Column('params', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['data_import.id'], name=op.f('fk_import_finding_import_id')),
    sa.PrimaryKeyConstraint('import_id', 'position', name=op.f('pk_import_finding'))
    )


def downgrade() -> None:
    op.drop_table('import_finding')
    op.drop_table('import_file')
    op.drop_table('import_bad_row')
    op.drop_index('ix_data_import_region_path', table_name='data_import')
    op.drop_index('ix_data_import_file', table_name='data_import')
    op.drop_table('data_import')
